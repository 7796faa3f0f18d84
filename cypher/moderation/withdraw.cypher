// moderation/withdraw: delete the reviews, rankings, end votes, remarks, reports and reactions of a user.
//
// Verdicts stay; trees/enter_state updates the places of posts without one.
//
// in    user_id  STRING
// rows  none
// cost  a walk through everything that the user gave
// mode  write
MATCH (user:User {id: $user_id})
CALL (user) {
  MATCH (user)-[:MADE]->(review:Review)-[:OF]->(post:Post)
  WITH review, post ORDER BY post.id
  SET post:Post
  SET post.reviews = properties(post).reviews - 1
  WITH review
  OPTIONAL MATCH (review)<-[:GAVE]-(task:Task {collective: false})
  DETACH DELETE review, task
}
CALL (user) {
  MATCH (user)-[:MADE]->(ranking:Ranking)
  OPTIONAL MATCH (ranking)<-[:GAVE]-(task:Task {collective: false})
  DETACH DELETE ranking, task
}
CALL (user) {
  MATCH (user)-[:MADE]->(vote:EndVote)-[:VOTES_ON]->(post:Post)
  WITH vote, post ORDER BY post.id
  SET post:Post
  <<wants/one_more_vote post=post>>
  WITH vote
  OPTIONAL MATCH (vote)<-[:GAVE]-(task:Task {collective: false})
  DETACH DELETE vote, task
}
CALL (user) {
  MATCH (user)-[:REMARKED|MADE]->(said:Remark|Report)
  DETACH DELETE said
}
CALL (user) {
  MATCH (user)-[reaction:REACTED]->(:Post)
  DELETE reaction
};
