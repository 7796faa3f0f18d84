// stats/tree_sizes: the size of each tree in some states.
//
// in    states  LIST<STRING>
// in    limit   INTEGER         of trees, in each state
// out   id      STRING
// out   state   STRING
// out   goal    INTEGER
// out   depth   INTEGER         of its deepest post
// out   oldest  ZONED DATETIME  creation of its first post
// out   newest  ZONED DATETIME  creation of its last
// out   posts   INTEGER         live ones
// rows  many
// cost  an index range of trees, one look at each post of them
// mode  read
UNWIND $states AS state
CALL (state) {
  MATCH (tree:Tree) WHERE tree.state = state AND tree.lang IS NOT NULL
  RETURN tree LIMIT $limit
}
CALL (tree) {
  MATCH (post:Post {tree: tree.id}) WHERE NOT post.deleted
  RETURN max(post.depth) AS depth, min(post.created) AS oldest, max(post.created) AS newest, count(post) AS posts
}
WITH tree, state, depth, oldest, newest, posts WHERE posts > 0
RETURN tree.id AS id, state, tree.goal AS goal, depth, oldest, newest, posts ORDER BY oldest, id;
