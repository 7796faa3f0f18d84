// leaderboards/done_by: the reviews and rankings that count for a user: their own, and those that ranked their posts.
//
// in    user_id  STRING
// out   figure   STRING
// out   at       INTEGER  epoch milliseconds
// rows  many              one for each time that it counts
// cost  a walk through everything that the user gave
// mode  read
MATCH (user:User {id: $user_id})
CALL (user) {
  MATCH (user)-[:MADE]->(:Review)<-[:GAVE]-(task:Task)
  RETURN 'labels_' + task.mode AS figure, task.created.epochMillis AS at
  UNION ALL
  MATCH (user)-[:MADE]->(ranking:Ranking)
  RETURN 'rankings_total' AS figure, ranking.created.epochMillis AS at
  UNION ALL
  MATCH (user)-[:WROTE]->(post:Post)
  WITH post
  MATCH (post)<-[place:RANKED]-(ranking:Ranking) WHERE place.position < 3 AND EXISTS { (ranking)-[:UNDER]->(:Post) }
  RETURN 'reply_ranked_' + toString(place.position + 1) AS figure, ranking.created.epochMillis AS at
}
RETURN figure, at;
