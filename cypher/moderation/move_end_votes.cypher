// moderation/move_end_votes: move the end votes of one user to another; where both voted on a post, the other's vote stays.
//
// A post that loses a vote before its vote is over wants one more.
//
// in    source       STRING
// in    destination  STRING
// rows  none
// cost  a walk through all end votes of the source
// mode  write
MATCH (destination:User {id: $destination})
CALL (destination) {
  MATCH (:User {id: $source})-[made:MADE]->(vote:EndVote)-[:VOTES_ON]->(post:Post)
  RETURN made, vote, post
}
WITH destination, made, vote, post ORDER BY post.id
SET post:Post
WITH destination, made, vote, post, destination.id + ' ' + post.id AS key
WITH *, EXISTS { (:EndVote {key: key}) } AS twice
FOREACH (_ IN CASE WHEN twice THEN [] ELSE [1] END |
  SET vote.key = key, vote.maker = destination.id
  CREATE (destination)-[:MADE]->(vote)
  DELETE made)
WITH vote, post WHERE twice
<<wants/one_more_vote post=post>>
WITH vote
OPTIONAL MATCH (vote)<-[:GAVE]-(task:Task {collective: false})
DETACH DELETE vote, task;
