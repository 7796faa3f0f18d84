// posts/restore: takes back the deletion of a post and of those above it; what is below stays deleted.
//
// in    id       STRING
// out   tree_id  STRING
// out   posts    LIST<STRING>  those that were deleted
// rows  maybe                  none when there is no such post
// cost  two seeks, one expand for each post of the thread
// mode  write
MATCH (bottom:Post {id: $id})
MATCH (tree:Tree {id: bottom.tree})
SET tree:Tree
WITH tree, bottom
CALL (bottom) {
  MATCH (bottom)-[:REPLY_TO]->{0,1000}(post:Post)
  WITH post ORDER BY post.id
  SET post:Post
  WITH post WHERE properties(post).deleted
  OPTIONAL MATCH (post)-[:REPLY_TO]->(parent:Post)
  WITH post, post.author + ' ' + parent.id AS key
  // Who has replied anew meanwhile keeps both replies, the later one with the key.
  SET post.deleted = false,
    post.reply_key = CASE WHEN key IS NOT NULL AND NOT EXISTS { (:Post {reply_key: key}) } THEN key END
  RETURN collect(post.id) AS posts
}
RETURN tree.id AS tree_id, posts;
