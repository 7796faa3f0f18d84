// datasets/known_ids: the trees among these ids that are stored already, with their states.
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
