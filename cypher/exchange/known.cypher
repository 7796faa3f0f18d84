// exchange/known: which of some trees are here already.
//
// in    ids    LIST<STRING>
// out   id     STRING
// out   state  STRING
// rows  many                  one for each that is here
// cost  a seek for each id
// mode  read
UNWIND $ids AS id
MATCH (tree:Tree {id: id})
RETURN tree.id AS id, tree.state AS state;
