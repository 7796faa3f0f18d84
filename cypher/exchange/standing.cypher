// exchange/standing: which posts are here already of those that an import would add to trees; locks the trees.
//
// in    trees    LIST<STRING>  sorted, so that two imports lock in the same order
// in    posts    LIST<STRING>
// out   id       STRING
// out   deleted  BOOLEAN
// rows  many                   one for each post that is here
// cost  a seek for each tree and post
// mode  write
UNWIND $trees AS id
MATCH (tree:Tree {id: id})
SET tree:Tree
WITH count(tree) AS locked
UNWIND $posts AS id
MATCH (post:Post {id: id})
RETURN post.id AS id, post.deleted AS deleted;
