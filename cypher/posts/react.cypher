// posts/react: add a user's reaction to a post, or remove it; a repeated request changes nothing.
//
// A user has at most one vote, up or down, on a post, and none on their own posts. A red flag calls a moderator.
//
// in    user_id    STRING
// in    post_id    STRING
// in    emoji      STRING
// in    opposite   STRING          the emoji that this one replaces; empty: none
// in    add        BOOLEAN         false: remove the reaction
// in    renew      BOOLEAN         whether an existing flag becomes unprocessed again
// in    now        ZONED DATETIME
// out   tree_id    STRING
// out   state      STRING          of the tree
// out   depth      INTEGER         of the post
// out   standing   BOOLEAN         whether the post is live and not rejected
// out   changed    BOOLEAN
// out   red_flags  INTEGER         users who flagged the post
// out   skips      INTEGER         users who skipped a reply to it
// rows  maybe                      none for an unknown post
// cost  three seeks and the reactions of one post
// mode  write
OPTIONAL MATCH (user:User {id: $user_id})
OPTIONAL MATCH (post:Post {id: $post_id})
OPTIONAL MATCH (tree:Tree {id: post.tree})
SET tree:Tree
SET post:Post
SET user:User
WITH user, post, tree, properties(post) AS stored WHERE user IS NOT NULL AND tree IS NOT NULL
OPTIONAL MATCH (user)-[own:REACTED {emoji: $emoji}]->(post)
OPTIONAL MATCH (user)-[opposed:REACTED {emoji: $opposite}]->(post)
WITH user, post, tree, own, opposed, stored, properties(tree).state AS state,
  CASE WHEN $add THEN own IS NULL AND ($opposite = '' OR coalesce(stored.author <> user.id, true))
    ELSE own IS NOT NULL END AS changed,
  {`+1`: 'upvotes', `-1`: 'downvotes', red_flag: 'red_flags'} AS figures
WITH *, changed AND $add AND opposed IS NOT NULL AS turned,
  changed AND stored.author IS NOT NULL AND NOT stored.deleted AND figures[$emoji] IS NOT NULL AS counts
FOREACH (_ IN CASE WHEN counts THEN [1] ELSE [] END |
  CREATE (credit:Credit {user: stored.author, at: stored.created.epochMillis})
  SET credit[figures[$emoji]] = CASE WHEN $add THEN 1 ELSE -1 END
  FOREACH (_ IN CASE WHEN turned THEN [1] ELSE [] END | SET credit[figures[$opposite]] = -1))
FOREACH (each IN CASE WHEN turned THEN [opposed] ELSE [] END | DELETE each)
FOREACH (each IN CASE WHEN changed AND NOT $add THEN [own] ELSE [] END | DELETE each)
FOREACH (_ IN CASE WHEN changed AND $add THEN [1] ELSE [] END |
  CREATE (user)-[:REACTED {emoji: $emoji, created: $now}]->(post))
FOREACH (_ IN CASE WHEN $emoji = 'red_flag' AND $add AND (changed OR $renew) THEN [1] ELSE [] END |
  MERGE (post)-[:FLAGGED]->(case:Flag)
  SET case.post = post.id, case.processed = false, case.created = $now)
RETURN tree.id AS tree_id, state, post.depth AS depth, changed,
  NOT stored.deleted AND coalesce(stored.accepted, true) AS standing,
  COUNT { (post)<-[:REACTED {emoji: 'red_flag'}]-() } AS red_flags,
  COUNT { (post)<-[:REACTED {emoji: '_skip_reply'}]-() } AS skips;
