// posts/decide: accepts or rejects a post.
//
// in    id        STRING
// in    accepted  BOOLEAN
// rows  none
// cost  one seek
// mode  write
MATCH (post:Post {id: $id})
SET post.accepted = $accepted, post.pool = null, post.key = null, post.wants = null;
