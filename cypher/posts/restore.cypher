// posts/restore: undo the deletion of a post and of the posts above it; posts below stay deleted.
//
// in    id       STRING
// out   tree_id  STRING
// out   posts    LIST<STRING>  the posts that were deleted
// rows  maybe                  none for an unknown post
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
  OPTIONAL MATCH (post)<-[:GAVE]-(:Task)<-[:TOOK]-(taker:User)
  // A model's post has no author; its user took the task.
  WITH post, coalesce(post.author, taker.id) + ' ' + parent.id AS key
  // A user who has replied again meanwhile keeps both replies, the later one with the key.
  SET post.deleted = false,
    post.reply_key = CASE WHEN key IS NOT NULL AND NOT EXISTS { (:Post {reply_key: key}) } THEN key END
  RETURN collect(post.id) AS posts
}
RETURN tree.id AS tree_id, posts;
