// posts/newest_hits: a page of posts that contain some words, newest first.
//
<<posts/hits order=DESC turned=reverse>>
RETURN post {
    <<posts/fields>>,
    <<posts/relations>>
  } AS post,
  CASE WHEN $with_user THEN head([(post)<-[:WROTE]-(writer) | writer {.*}]) END AS user
ORDER BY post.created DESC, post.id DESC;
