// posts/lock_own: lock a post for a change by its author, and say whether the author may change it.
//
// Whoever judges, answers or is handed out the post locks it too, so what is said holds until the transaction ends. The
// user is locked for a new text alone, since two equal texts of a user at once are refused.
//
// in    client        STRING          id of the API client
// in    method        STRING          how the frontend knows the user
// in    name          STRING          the frontend's name of the user
// in    post_id       STRING
// in    text          STRING          the new text; null: the post is withdrawn
// in    window_start  ZONED DATETIME  equal texts of the user since then are refused
// in    since         ZONED DATETIME  older posts can no longer be changed
// in    now           ZONED DATETIME
// out   outcome       STRING          open, unknown_user, unknown_post, disabled, deleted, unchanged (it has this text), too_late, judged, answered, shown (another user has an open task about it), duplicated
// out   user_id       STRING
// rows  one
// cost  three seeks, what was given to one post, and for a new text the user's latest texts
// mode  write
OPTIONAL MATCH (user:User {client: $client, method: $method, name: $name})
OPTIONAL MATCH (post:Post {id: $post_id}) WHERE post.author = user.id
OPTIONAL MATCH (tree:Tree {id: post.tree})
SET tree:Tree
SET post:Post
FOREACH (_ IN CASE WHEN $text IS NULL THEN [] ELSE [1] END | SET user:User)
WITH user, post, properties(post) AS stored
RETURN CASE
    WHEN user IS NULL THEN 'unknown_user'
    WHEN post IS NULL OR stored.author <> user.id THEN 'unknown_post'
    WHEN user.deleted OR NOT user.enabled THEN 'disabled'
    WHEN stored.deleted THEN 'deleted'
    WHEN stored.text = $text THEN 'unchanged'
    <<posts/uneditable stored=stored>>
    WHEN EXISTS { (same:Post) WHERE same.author = user.id AND same.created >= $window_start AND same.text = $text }
      THEN 'duplicated'
    ELSE 'open'
  END AS outcome, user.id AS user_id;
