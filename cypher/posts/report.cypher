// posts/report: store a report of a post; every report is kept; posts/react raises the flag.
//
// A repeated report, with the same text and labels, is stored once.
//
// in    user_id  STRING
// in    post_id  STRING
// in    labels   MAP             label name to a value in [0, 1]
// in    text     STRING          the reason
// in    conduct  MAP             what the labels count for the author of the post, by figure
// in    now      ZONED DATETIME
// out   tree_id  STRING
// rows  maybe                    none for an unknown post
// cost  three seeks, a look at each report of the post
// mode  write
OPTIONAL MATCH (user:User {id: $user_id})
OPTIONAL MATCH (post:Post {id: $post_id})
OPTIONAL MATCH (tree:Tree {id: post.tree})
SET tree:Tree
SET post:Post
SET user:User
WITH user, post, tree WHERE user IS NOT NULL AND tree IS NOT NULL
WITH user, post, tree, properties(post) AS stored, EXISTS {
    (post)<-[:ABOUT]-(report:Report {text: $text})<-[:MADE]-(user)
    WHERE size(keys(report)) = 2 + size(keys($labels)) AND all(name IN keys($labels) WHERE report[name] = $labels[name])
  } AS repeated
FOREACH (_ IN CASE WHEN repeated THEN [] ELSE [1] END |
  CREATE (user)-[:MADE]->(report:Report {created: $now, text: $text})-[:ABOUT]->(post)
  SET report += $labels)
FOREACH (_ IN CASE WHEN repeated OR $conduct = {} OR stored.author IS NULL OR stored.deleted THEN [] ELSE [1] END |
  CREATE (credit:Credit {user: stored.author, at: stored.created.epochMillis})
  SET credit += $conduct)
RETURN tree.id AS tree_id;
