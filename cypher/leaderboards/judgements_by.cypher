// leaderboards/judgements_by: what a user's reviews, remarks, reports, reactions and rankings count for other users.
//
// in    user_id  STRING
// out   author   STRING        of the post concerned; of live posts only, except for rankings
// out   at       INTEGER       when it counts, in epoch milliseconds
// out   labels   LIST<MAP>     of one review, remark or report; else empty
// out   emoji    STRING        of a reaction; else null
// out   place    INTEGER       0, 1 or 2: where a ranking put the post; else null
// rows  many
// cost  a walk through everything that the user gave
// mode  read
MATCH (user:User {id: $user_id})
CALL (user) {
  MATCH (user)-[:MADE|REMARKED]->(said)-[:OF|ABOUT]->(post:Post {deleted: false})
  RETURN post, post.created.epochMillis AS at, [said {.*}] AS labels, null AS emoji, null AS place
  UNION ALL
  MATCH (user)-[reaction:REACTED]->(post:Post {deleted: false})
  RETURN post, post.created.epochMillis AS at, [] AS labels, reaction.emoji AS emoji, null AS place
  UNION ALL
  MATCH (user)-[:MADE]->(ranking:Ranking)-[ranked:RANKED]->(post:Post)
  WHERE ranked.position < 3 AND EXISTS { (ranking)-[:UNDER]->(:Post) }
  RETURN post, ranking.created.epochMillis AS at, [] AS labels, null AS emoji, ranked.position AS place
}
WITH * WHERE post.author IS NOT NULL
RETURN post.author AS author, at, labels, emoji, place;
