// posts/report: somebody asks for a moderator; each report is kept, none replaces another.
//
// in    user_id    STRING
// in    post_id    STRING
// in    labels     MAP             label name to a value in [0, 1]
// in    text       STRING          the reason
// in    conduct    MAP             what the labels count for the author of the post, by figure
// in    now        ZONED DATETIME
// out   tree_id    STRING
// out   state      STRING          of the tree
// out   depth      INTEGER         of the post
// out   standing   BOOLEAN         whether the post is live and not rejected
// out   red_flags  INTEGER         users who flagged the post, this one included
// rows  maybe                      none when there is no such post
// cost  three seeks and the reactions of one post
// mode  write
OPTIONAL MATCH (user:User {id: $user_id})
OPTIONAL MATCH (post:Post {id: $post_id})
OPTIONAL MATCH (tree:Tree {id: post.tree})
SET tree:Tree
SET post:Post
SET user:User
WITH user, post, tree WHERE user IS NOT NULL AND tree IS NOT NULL
CREATE (user)-[:MADE]->(report:Report {created: $now, text: $text})-[:ABOUT]->(post)
SET report += $labels
WITH user, post, tree, properties(post) AS stored, EXISTS { (user)-[:REACTED {emoji: 'red_flag'}]->(post) } AS again
FOREACH (_ IN CASE WHEN stored.author IS NULL OR stored.deleted THEN [] ELSE [1] END |
  CREATE (credit:Credit {
    user: stored.author, at: stored.created.epochMillis, red_flags: CASE WHEN again THEN null ELSE 1 END
  })
  SET credit += $conduct)
MERGE (user)-[flag:REACTED {emoji: 'red_flag'}]->(post)
  ON CREATE SET flag.created = $now
MERGE (post)-[:FLAGGED]->(case:Flag)
SET case.processed = false, case.created = $now
RETURN tree.id AS tree_id, properties(tree).state AS state, post.depth AS depth,
  NOT properties(post).deleted AND coalesce(properties(post).accepted, true) AS standing,
  COUNT { (post)<-[:REACTED {emoji: 'red_flag'}]-() } AS red_flags;
