// trees/unfinished: those of some trees that are not in a final state.
//
// in    ids       LIST<STRING>
// in    finished  LIST<STRING>  the final states
// out   tree_id   STRING
// rows  many
// cost  a seek for each tree
// mode  read
UNWIND $ids AS id
MATCH (tree:Tree {id: id}) WHERE NOT tree.state IN $finished
RETURN tree.id AS tree_id;
