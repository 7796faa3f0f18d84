// posts/newest: a page of posts, newest first: of some authors, of a client, in a language, or of all.
//
<<posts/page order=DESC>>
RETURN post {
    <<posts/fields>>,
    <<posts/relations>>
  } AS post,
  CASE WHEN $with_user THEN head([(post)<-[:WROTE]-(writer) | writer {.*}]) END AS user
ORDER BY post.created DESC, post.id DESC;
