// posts/descendants: all posts below one post, deleted and rejected posts included.
//
// in    id    STRING
// out   post  MAP     null once when nothing is below
// rows  many          by depth, then age; none for an unknown post
// cost  one seek, one expand for each post below
// mode  read
MATCH (top:Post {id: $id})
OPTIONAL MATCH (top)<-[:REPLY_TO]-{1,1000}(post:Post)
WITH post ORDER BY post.depth, post.created, post.id
RETURN post {
    <<posts/fields>>,
    <<posts/relations>>
  } AS post;
