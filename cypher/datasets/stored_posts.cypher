// datasets/stored_posts: the posts among these ids that are stored already; locks their trees.
//
// in    trees      LIST<STRING>  sorted, so that two imports lock in the same order
// in    posts      LIST<STRING>
// out   id         STRING
// out   deleted    BOOLEAN
// out   rank       INTEGER       null: it has none
// out   desirable  FLOAT         mean of that label in the file that the post came from; null: it has none
// out   compared   BOOLEAN       whether it has replies with ranks
// out   lang       STRING
// rows  many                     one for each post that is here
// cost  a seek for each tree and post, one look at each reply of a post
// mode  write
UNWIND $trees AS id
MATCH (tree:Tree {id: id})
SET tree:Tree
WITH count(tree) AS locked
UNWIND $posts AS id
MATCH (post:Post {id: id})
RETURN post.id AS id, post.deleted AS deleted, post.rank AS rank, post.label_desirable AS desirable,
  EXISTS { (post)<-[:REPLY_TO]-(reply:Post) WHERE reply.rank IS NOT NULL } AS compared, post.lang AS lang;
