// trees/page: a page of trees in any state, by id.
//
// in    after  STRING
// in    limit  INTEGER
// out   id     STRING
// out   state  STRING
// rows  many
// cost  a range of an index, up to the limit
// mode  read
MATCH (tree:Tree) WHERE tree.id > $after
WITH tree ORDER BY tree.id LIMIT $limit
RETURN tree.id AS id, tree.state AS state;
