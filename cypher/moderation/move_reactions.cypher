// moderation/move_reactions: move the reactions of one user to another; each is kept once, and the other's vote wins.
//
// in    source       STRING
// in    destination  STRING
// out   author       STRING  of a post that lost a reaction; null for the system
// rows  many
// cost  a walk through all reactions of the source
// mode  write
MATCH (destination:User {id: $destination})
CALL (destination) {
  MATCH (:User {id: $source})-[given:REACTED]->(post:Post)
  RETURN given, post
}
WITH destination, given, post ORDER BY post.id
SET post:Post
WITH destination, given, post, properties(given) AS reaction
WITH destination, given, post, reaction,
  [reaction.emoji, coalesce({`+1`: '-1', `-1`: '+1'}[reaction.emoji], reaction.emoji)] AS same
WITH *, EXISTS { (destination)-[own:REACTED]->(post) WHERE own.emoji IN same } AS twice
FOREACH (_ IN CASE WHEN twice THEN [] ELSE [1] END |
  CREATE (destination)-[copy:REACTED]->(post)
  SET copy = reaction)
DELETE given
WITH post, twice WHERE twice
RETURN post.author AS author;
