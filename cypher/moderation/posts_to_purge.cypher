// moderation/posts_to_purge: the posts of a user and all posts below them, for a purge; locks them and their trees.
//
// in    user_id       STRING
// in    with_prompts  BOOLEAN         false: the trees that the user began stay, without the user's replies
// in    since         ZONED DATETIME  only posts written at this time or later
// in    until         ZONED DATETIME  only posts written up to this time
// out   ids           LIST<STRING>
// out   trees         LIST<STRING>    of those posts
// rows  maybe                         none for an unknown user
// cost  an index range as long as the user's history, one expand for each post below
// mode  write
MATCH (user:User {id: $user_id})
CALL (user) {
  MATCH (post:Post) WHERE post.author = user.id AND post.created >= $since AND post.created <= $until
    AND ($with_prompts OR post.depth > 0)
  WITH DISTINCT post.tree AS tree_id ORDER BY tree_id
  MATCH (tree:Tree {id: tree_id})
  SET tree:Tree
  RETURN collect(tree.id) AS trees
}
// Posts that the user writes meanwhile in other trees, which are not locked, stay.
CALL (user, trees) {
  MATCH (post:Post) WHERE post.author = user.id AND post.created >= $since AND post.created <= $until
    AND ($with_prompts OR post.depth > 0) AND post.tree IN trees
  MATCH (post)<-[:REPLY_TO]-{0,1000}(below:Post)
  WITH DISTINCT below ORDER BY below.id
  SET below:Post
  RETURN collect(below.id) AS ids
}
RETURN ids, trees;
