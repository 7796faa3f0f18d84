// leaderboards/judgements_about: the users whose figures change when the reviews and rankings of some posts are deleted.
//
// in    ids      LIST<STRING>
// out   user_id  STRING        the author of a review or ranking, or of a post that a ranking put first, second or third
// out   figure   STRING
// out   at       INTEGER       epoch milliseconds
// rows  many                   one for each time that it counts
// cost  a seek for each post, an expand for each review and ranking
// mode  read
UNWIND $ids AS id
MATCH (post:Post {id: id})
CALL (post) {
  MATCH (post)<-[:OF]-(review:Review)<-[:GAVE]-(task:Task)
  RETURN review.maker AS user_id, 'labels_' + task.mode AS figure, task.created.epochMillis AS at
  UNION ALL
  MATCH (post)<-[:UNDER]-(ranking:Ranking)
  RETURN ranking.maker AS user_id, 'rankings_total' AS figure, ranking.created.epochMillis AS at
  UNION ALL
  MATCH (post)<-[:UNDER]-(ranking:Ranking)-[place:RANKED]->(reply:Post) WHERE place.position < 3
  RETURN reply.author AS user_id, 'reply_ranked_' + toString(place.position + 1) AS figure,
    ranking.created.epochMillis AS at
  UNION ALL
  MATCH (post)<-[place:RANKED]-(ranking:Ranking)-[:UNDER]->(above:Post)
  WHERE place.position < 3 AND NOT above.id IN $ids
  RETURN post.author AS user_id, 'reply_ranked_' + toString(place.position + 1) AS figure,
    ranking.created.epochMillis AS at
}
WITH user_id, figure, at WHERE user_id IS NOT NULL
RETURN user_id, figure, at;
