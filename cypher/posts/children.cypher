// posts/children: the live replies to one post, whatever their reviews say.
//
// in    id      STRING  the parent
// out   post    MAP     null once when the parent has no live reply
// rows  many            oldest first; none for an unknown parent
// cost  one seek, one expand for each reply
// mode  read
MATCH (parent:Post {id: $id})
OPTIONAL MATCH (parent)<-[:REPLY_TO]-(post:Post {deleted: false})
WITH post ORDER BY post.created, post.id
RETURN post {
    <<posts/fields>>,
    <<posts/relations>>
  } AS post;
