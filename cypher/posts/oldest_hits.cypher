// posts/oldest_hits: a page of posts that contain some words, oldest first.
//
<<posts/hits order=ASC turned=>>
RETURN post {
    <<posts/fields>>,
    <<posts/relations>>
  } AS post,
  CASE WHEN $with_user THEN head([(post)<-[:WROTE]-(writer) | writer {.*}]) END AS user
ORDER BY post.created, post.id;
