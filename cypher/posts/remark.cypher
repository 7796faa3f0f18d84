// posts/remark: labels that belong to no task; a user's later remark on a post replaces the values of the earlier.
//
// in    user_id  STRING
// in    post_id  STRING
// in    labels   MAP             label name to a value in [0, 1]
// in    text     STRING
// in    now      ZONED DATETIME
// out   post_id  STRING
// rows  maybe                    none when there is no such post
// cost  two seeks
// mode  write
OPTIONAL MATCH (user:User {id: $user_id})
OPTIONAL MATCH (post:Post {id: $post_id})
// The lock keeps two remarks that one user sends at once from becoming two.
SET post:Post
SET user:User
WITH user, post WHERE user IS NOT NULL AND post IS NOT NULL
MERGE (user)-[:REMARKED]->(remark:Remark)-[:OF]->(post)
  ON CREATE SET remark.created = $now
SET remark = {created: remark.created, changed: $now, text: $text}
SET remark += $labels
RETURN post.id AS post_id;
