// moderation/doomed: the posts of a user and all below them, to be removed; locks them and their trees.
//
// in    user_id       STRING
// in    with_prompts  BOOLEAN         false: the trees that the user began stay, but for his replies
// in    since         ZONED DATETIME  only what the user wrote from then on
// in    until         ZONED DATETIME  only what the user wrote up to then
// out   ids           LIST<STRING>
// out   trees         LIST<STRING>    of those posts
// rows  maybe                         none when there is no such user
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
// What the user writes elsewhere meanwhile, in a tree that is not locked, is left to him.
CALL (user, trees) {
  MATCH (post:Post) WHERE post.author = user.id AND post.created >= $since AND post.created <= $until
    AND ($with_prompts OR post.depth > 0) AND post.tree IN trees
  MATCH (post)<-[:REPLY_TO]-{0,1000}(below:Post)
  WITH DISTINCT below ORDER BY below.id
  SET below:Post
  RETURN collect(below.id) AS ids
}
RETURN ids, trees;
