// posts/of_author: the live posts of a user.
//
// in    user_id  STRING
// out   ids      LIST<STRING>
// rows  maybe                  none for an unknown user
// cost  an index range as long as the user's history
// mode  read
MATCH (user:User {id: $user_id})
CALL (user) {
  MATCH (post:Post) WHERE post.author = user.id AND post.created IS NOT NULL AND NOT post.deleted
  RETURN collect(post.id) AS ids
}
RETURN ids;
