// explore/position_bias: the place of candidates by their position on the screen: whether the first one shown is ranked first.
//
// in    lang        STRING   language of the ranked posts; null for all
// out   candidates  INTEGER  of the ranking
// out   shown       INTEGER  where the candidate stood on the screen: 0 is the first
// out   rankings    INTEGER  of so many candidates
// out   first       INTEGER  how often the one that stood here was put first
// out   share       FLOAT    first of rankings; without a bias 1 / candidates
// out   mean_place  FLOAT    where it was put on average, 0 = best
// rows  many                 by candidates and shown
// needs rankings
// cost  scan of the rankings
// mode  read
MATCH (ranking:Ranking)-[:UNDER]->(parent:Post)
WHERE NOT ranking.not_rankable AND ($lang IS NULL OR parent.lang = $lang)
WITH ranking.order AS order
UNWIND range(0, size(order) - 1) AS place
WITH size(order) AS candidates, order[place] AS shown, place
WITH candidates, shown, count(*) AS rankings, count(CASE WHEN place = 0 THEN 1 END) AS first,
  avg(toFloat(place)) AS mean_place
RETURN candidates, shown, rankings, first, toFloat(first) / rankings AS share, mean_place
ORDER BY candidates, shown;
