// explore/active_people: how many people worked on each day.
//
// in    lang       STRING   language of the posts that they worked on; null for all
// out   day        DATE     in UTC
// out   writers    INTEGER  different people
// out   posts      INTEGER  of people
// out   reviewers  INTEGER  different people
// out   reviews    INTEGER
// out   rankers    INTEGER  different people; of replies
// out   rankings   INTEGER
// rows  many                by day
// needs people
// cost  scan of the posts, of the reviews and of the rankings
// mode  read
CALL () {
  MATCH (post:Post)
  WHERE post.author IS NOT NULL AND ($lang IS NULL OR post.lang = $lang)
  RETURN post.created.epochMillis / 86400000 AS day, 'wrote' AS what,
    count(DISTINCT post.author) AS people, count(*) AS times
  UNION ALL
  MATCH (review:Review)-[:OF]->(post:Post)
  WHERE $lang IS NULL OR post.lang = $lang
  RETURN review.created.epochMillis / 86400000 AS day, 'reviewed' AS what,
    count(DISTINCT review.maker) AS people, count(*) AS times
  UNION ALL
  MATCH (ranking:Ranking)-[:UNDER]->(post:Post)
  WHERE $lang IS NULL OR post.lang = $lang
  RETURN ranking.created.epochMillis / 86400000 AS day, 'ranked' AS what,
    count(DISTINCT ranking.maker) AS people, count(*) AS times
}
WITH date(datetime({epochMillis: 86400000 * day})) AS day, what, people, times
RETURN day, sum(CASE what WHEN 'wrote' THEN people ELSE 0 END) AS writers,
  sum(CASE what WHEN 'wrote' THEN times ELSE 0 END) AS posts,
  sum(CASE what WHEN 'reviewed' THEN people ELSE 0 END) AS reviewers,
  sum(CASE what WHEN 'reviewed' THEN times ELSE 0 END) AS reviews,
  sum(CASE what WHEN 'ranked' THEN people ELSE 0 END) AS rankers,
  sum(CASE what WHEN 'ranked' THEN times ELSE 0 END) AS rankings
ORDER BY day;
