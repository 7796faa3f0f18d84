// datasets/parents: the posts among these ids that can be replied to, with their trees.
//
// in    ids      LIST<STRING>
// out   id       STRING
// out   tree     STRING
// out   role     STRING
// out   lang     STRING
// out   depth    INTEGER
// out   deleted  BOOLEAN
// out   state    STRING        of the tree
// rows  many                   one for each that is here
// cost  two seeks for each id
// mode  read
UNWIND $ids AS id
MATCH (post:Post {id: id})
MATCH (tree:Tree {id: post.tree})
RETURN post.id AS id, post.tree AS tree, post.role AS role, post.lang AS lang, post.depth AS depth, post.deleted AS deleted,
  tree.state AS state;
