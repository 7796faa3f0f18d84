// trees/tree: the record of the tree that a post belongs to.
//
// in    post_id       STRING
// out   id            STRING
// out   state         STRING
// out   lang          STRING
// out   goal          INTEGER         accepted posts wanted
// out   max_depth     INTEGER
// out   max_children  INTEGER
// out   origin        STRING
// out   won_lottery   ZONED DATETIME
// rows  maybe
// cost  two seeks
// mode  read
MATCH (post:Post {id: $post_id})
MATCH (tree:Tree {id: post.tree})
RETURN tree.id AS id, tree.state AS state, tree.lang AS lang, tree.goal AS goal, tree.max_depth AS max_depth,
  tree.max_children AS max_children, tree.origin AS origin, tree.won_lottery AS won_lottery;
