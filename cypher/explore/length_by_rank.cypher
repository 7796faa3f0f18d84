// explore/length_by_rank: whether the longer reply wins: the length of replies by rank.
//
// Looks at the first ranked replies by id, which is as good as a draw where ids are made at random.
//
// in    lang     STRING   language of the tree; null for all
// in    posts    INTEGER  how many posts are looked at; null for 20000
// out   rank     INTEGER  0 = best
// out   replies  INTEGER
// out   mean     FLOAT    characters
// out   median   FLOAT    characters
// out   longer   FLOAT    part of them that are longer than the next one in the order; null where none has a next one
// rows  many              by rank
// cost  scan along the ids until there are enough posts, a look at the siblings of each
// mode  read
MATCH (post:Post)
WHERE post.id >= '' AND post.rank IS NOT NULL AND NOT post.deleted
  AND ($lang IS NULL OR EXISTS { (:Tree {id: post.tree, lang: $lang}) })
WITH post ORDER BY post.id LIMIT coalesce($posts, 20000)
CALL (post) {
  OPTIONAL MATCH (post)-[:REPLY_TO]->(:Post)<-[:REPLY_TO]-(next:Post)
  WHERE next.rank = post.rank + 1 AND NOT next.deleted
  RETURN min(size(next.text)) AS next
}
WITH post.rank AS rank, toFloat(size(post.text)) AS characters, next
RETURN rank, count(*) AS replies, avg(characters) AS mean, percentileCont(characters, 0.5) AS median,
  avg(CASE WHEN characters > next THEN 1.0 WHEN next IS NOT NULL THEN 0.0 END) AS longer
ORDER BY rank;
