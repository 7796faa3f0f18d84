// posts/process_flag: mark the flag of a post as processed.
//
// in    post_id    STRING
// out   post       STRING
// out   processed  BOOLEAN
// out   created    ZONED DATETIME
// rows  maybe                      none when the post has no flag
// cost  one seek
// mode  write
MATCH (post:Post {id: $post_id})-[:FLAGGED]->(flag:Flag)
SET flag.processed = true
RETURN post.id AS post, flag.processed AS processed, flag.created AS created;
