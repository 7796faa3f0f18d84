// posts/edit: change the text of a post, and keep every version; the same text again makes no version.
//
// in    post_id  STRING
// in    user_id  STRING          the editor
// in    text     STRING
// in    ids      LIST<STRING>    ids of the original version, stored with the first edit, and of the new version
// in    now      ZONED DATETIME
// out   post_id  STRING
// rows  maybe                    none for an unknown post
// cost  two seeks and the versions of one post
// mode  write
OPTIONAL MATCH (user:User {id: $user_id})
OPTIONAL MATCH (post:Post {id: $post_id})
SET post:Post
WITH user, post, properties(post).text AS before WHERE user IS NOT NULL AND post IS NOT NULL
CALL (user, post, before) {
  WITH * WHERE before <> $text
  OPTIONAL MATCH (version:Revision)-[:VERSION_OF]->(post)
  WITH user, post, before, count(version) AS made
  FOREACH (_ IN CASE WHEN made = 0 THEN [1] ELSE [] END |
    CREATE (:Revision {id: $ids[0], number: 0, text: before, created: post.created, editor: post.author})
      -[:VERSION_OF]->(post))
  CREATE (:Revision {
    id: $ids[1], number: CASE made WHEN 0 THEN 1 ELSE made END, text: $text, created: $now, editor: user.id
  })-[:VERSION_OF]->(post)
  SET post.text = $text, post.edited = true
}
RETURN post.id AS post_id;
