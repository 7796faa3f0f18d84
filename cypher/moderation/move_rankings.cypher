// moderation/move_rankings: move the rankings of one user to another; where both ranked the same replies, the other's ranking stays.
//
// in    source       STRING
// in    destination  STRING
// out   tree_id      STRING  of a post in a deleted ranking
// out   author       STRING  of the post; null for the system
// rows  many
// cost  a walk through all rankings of the source
// mode  write
MATCH (destination:User {id: $destination})
CALL (destination) {
  MATCH (:User {id: $source})-[made:MADE]->(ranking:Ranking)
  RETURN made, ranking
}
WITH destination, made, ranking, destination.id + substring(ranking.key, size($source)) AS key
WITH *, EXISTS { (:Ranking {key: key}) } AS twice
FOREACH (_ IN CASE WHEN twice THEN [] ELSE [1] END |
  SET ranking.key = key, ranking.maker = destination.id
  CREATE (destination)-[:MADE]->(ranking)
  DELETE made)
WITH ranking WHERE twice
CALL (ranking) {
  MATCH (ranking)-[:RANKED]->(post:Post)
  RETURN collect({tree: post.tree, author: post.author}) AS posts
}
OPTIONAL MATCH (ranking)<-[:GAVE]-(task:Task {collective: false})
DETACH DELETE ranking, task
WITH posts
UNWIND posts AS post
RETURN post.tree AS tree_id, post.author AS author;
