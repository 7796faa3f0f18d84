// trees/states: the states of some trees.
//
// in    ids    LIST<STRING>
// out   id     STRING
// out   state  STRING
// rows  many                 none for an unknown tree
// cost  a seek for each
// mode  read
MATCH (tree:Tree) WHERE tree.id IN $ids
RETURN tree.id AS id, tree.state AS state;
