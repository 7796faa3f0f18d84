// explore/against_the_crowd: how often each person ranks pairs of replies against the consensus.
//
// The consensus includes a person's own rankings: where few people rank, everybody seems to agree more than they do. Look at
// several rankings of a person before drawing conclusions.
//
// in    lang      STRING   language of the ranked posts; null for all
// in    at_least  INTEGER  rankings of a person; null for 1
// out   person    STRING   user id
// out   name      STRING   display name; null when the user no longer exists
// out   rankings  INTEGER  of replies that have a rank
// out   pairs     INTEGER  of two ranked replies, in all these rankings
// out   against   INTEGER  of them those that the consensus has the other way round
// out   share     FLOAT    against of pairs: 0 always with the consensus, 1 never
// rows  many               the largest share first, then the most pairs
// needs rankings
// cost  scan of the rankings, one look at the pairs of each; sorts the people
// mode  read
MATCH (ranking:Ranking)-[:UNDER]->(parent:Post)
WHERE NOT ranking.not_rankable AND ($lang IS NULL OR parent.lang = $lang)
CALL (ranking) {
  MATCH (ranking)-[here:RANKED]->(one:Post), (ranking)-[there:RANKED]->(other:Post)
  WHERE here.position < there.position AND one.rank IS NOT NULL AND other.rank IS NOT NULL
  RETURN count(*) AS pairs, count(CASE WHEN one.rank > other.rank THEN 1 END) AS against
}
WITH ranking, pairs, against WHERE pairs > 0
WITH ranking.maker AS person, count(*) AS rankings, sum(pairs) AS pairs, sum(against) AS against
WHERE rankings >= coalesce($at_least, 1)
OPTIONAL MATCH (user:User {id: person})
RETURN person, user.display_name AS name, rankings, pairs, against, toFloat(against) / pairs AS share
ORDER BY share DESC, pairs DESC, person;
