// posts/thread: the posts from the root of a tree to one post.
//
// in    id      STRING  the last post
// out   post    MAP
// rows  many            root first; none for an unknown post
// cost  one seek, one expand for each post of the thread
// mode  read
MATCH (:Post {id: $id})-[:REPLY_TO]->{0,1000}(post:Post)
WITH post ORDER BY post.depth
RETURN post {
    <<posts/fields>>,
    <<posts/relations>>
  } AS post;
