// posts/remark: store labels that answer no task; a later remark of a user on a post replaces the earlier one.
//
// in    user_id  STRING
// in    post_id  STRING
// in    labels   MAP             label name to a value in [0, 1]
// in    text     STRING
// in    now      ZONED DATETIME
// out   author   STRING          of the post; null for the system
// out   created  ZONED DATETIME  of the post
// out   live     BOOLEAN         whether the post is not deleted
// out   before   MAP             the earlier remark; null for none
// rows  maybe                    none for an unknown post
// cost  two seeks
// mode  write
OPTIONAL MATCH (user:User {id: $user_id})
OPTIONAL MATCH (post:Post {id: $post_id})
// The lock makes two concurrent remarks of one user one remark.
SET post:Post
SET user:User
WITH user, post WHERE user IS NOT NULL AND post IS NOT NULL
WITH user, post, properties(post) AS stored, head(COLLECT { MATCH (user)-[:REMARKED]->(said:Remark)-[:OF]->(post) RETURN said {.*} }) AS before
MERGE (user)-[:REMARKED]->(remark:Remark)-[:OF]->(post)
  ON CREATE SET remark.created = $now
SET remark = {created: remark.created, changed: $now, text: $text}
SET remark += $labels
RETURN stored.author AS author, stored.created AS created, NOT stored.deleted AS live, before;
