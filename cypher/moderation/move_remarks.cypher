// moderation/move_remarks: move the remarks of one user to another; where both remarked on a post, the later remark stays.
//
// in    source       STRING
// in    destination  STRING
// out   author       STRING  of a post that lost a remark; null for the system
// rows  many
// cost  a walk through all remarks of the source
// mode  write
MATCH (destination:User {id: $destination})
CALL (destination) {
  MATCH (:User {id: $source})-[made:REMARKED]->(remark:Remark)-[:OF]->(post:Post)
  RETURN made, remark, post
}
OPTIONAL MATCH (post)<-[:OF]-(own:Remark)<-[:REMARKED]-(destination)
WITH destination, made, remark, post, own ORDER BY post.id
SET post:Post
WITH destination, made, remark, post, own,
  own IS NOT NULL AND coalesce(own.changed, own.created) >= coalesce(remark.changed, remark.created) AS older
FOREACH (_ IN CASE WHEN older THEN [1] ELSE [] END | DETACH DELETE remark)
FOREACH (_ IN CASE WHEN older THEN [] ELSE [1] END |
  CREATE (destination)-[:REMARKED]->(remark)
  DELETE made
  DETACH DELETE own)
WITH post, own WHERE own IS NOT NULL
RETURN post.author AS author;
