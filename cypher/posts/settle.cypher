// posts/settle: record that a moderator has looked at a post, its reviews and its flag.
//
// in    post_id  STRING
// in    now      ZONED DATETIME
// out   post     STRING
// rows  maybe                    none when there is no such post
// cost  one seek
// mode  write
MATCH (post:Post {id: $post_id})
SET post.reviews_settled = $now
FOREACH (flag IN [(post)-[:FLAGGED]->(flag:Flag) | flag] | SET flag.processed = true)
RETURN post.id AS post;
