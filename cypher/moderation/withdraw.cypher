// moderation/withdraw: takes what a user said of posts out of the graph: reviews, rankings, remarks, reports, reactions.
//
// Verdicts stay as they are; the places of posts without one are for trees/enter_state.
//
// in    user_id  STRING
// rows  none
// cost  a walk through all that the user said
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
  MATCH (user)-[:REMARKED|MADE]->(said:Remark|Report)
  DETACH DELETE said
}
CALL (user) {
  MATCH (user)-[reaction:REACTED]->(:Post)
  DELETE reaction
};
