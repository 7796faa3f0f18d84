// posts/post: one post with its author, parent and reactions.
//
// in    id      STRING
// out   post    MAP
// rows  maybe
// cost  one seek
// mode  read
MATCH (post:Post {id: $id})
RETURN post {
    <<posts/fields>>,
    <<posts/relations>>
  } AS post;
