// posts/delete: marks a post and all below it as deleted.
//
// in    id    STRING
// rows  none
// cost  one seek, one expand for each post below
// mode  write
MATCH (:Post {id: $id})<-[:REPLY_TO]-{0,1000}(post:Post)
SET post.deleted = true, post.reply_key = null, post.pool = null, post.key = null, post.wants = null;
