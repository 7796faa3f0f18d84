// moderation/move_posts: move the posts and revisions of one user to another.
//
// Two live replies to one post both stay, and one of them holds the reply key.
//
// in    source       STRING
// in    destination  STRING
// rows  none
// cost  a walk through everything that the source wrote
// mode  write
MATCH (destination:User {id: $destination})
CALL (destination) {
  MATCH (:User {id: $source})-[wrote:WROTE]->(post:Post)
  WITH destination, wrote, post ORDER BY post.id
  SET post:Post
  WITH destination, wrote, post
  OPTIONAL MATCH (post)-[:REPLY_TO]->(parent:Post)
  WITH destination, wrote, post, CASE WHEN post.reply_key IS NOT NULL THEN destination.id + ' ' + parent.id END AS key
  WITH *, key IS NOT NULL AND EXISTS { (:Post {reply_key: key}) } AS taken
  SET post.author = destination.id, post.reply_key = CASE WHEN taken THEN null ELSE key END
  CREATE (destination)-[:WROTE]->(post)
  DELETE wrote
}
CALL (destination) {
  MATCH (version:Revision {editor: $source})
  SET version.editor = destination.id
};
