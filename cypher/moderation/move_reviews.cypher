// moderation/move_reviews: move the reviews of one user to another; where both reviewed a post, the other's review stays.
//
// in    source       STRING
// in    destination  STRING
// out   tree_id      STRING  of a post that lost a review
// out   author       STRING  of the post; null for the system
// rows  many
// cost  a walk through all reviews of the source
// mode  write
MATCH (destination:User {id: $destination})
CALL (destination) {
  MATCH (:User {id: $source})-[made:MADE]->(review:Review)-[:OF]->(post:Post)
  RETURN made, review, post
}
WITH destination, made, review, post ORDER BY post.id
SET post:Post
WITH destination, made, review, post, destination.id + ' ' + post.id AS key
WITH *, EXISTS { (:Review {key: key}) } AS twice
FOREACH (_ IN CASE WHEN twice THEN [] ELSE [1] END |
  SET review.key = key, review.maker = destination.id
  CREATE (destination)-[:MADE]->(review)
  DELETE made)
WITH review, post WHERE twice
SET post.reviews = properties(post).reviews - 1
WITH review, post
OPTIONAL MATCH (review)<-[:GAVE]-(task:Task {collective: false})
DETACH DELETE review, task
RETURN post.tree AS tree_id, post.author AS author;
