// explore/length_by_rank: the length of replies by rank: whether longer replies win.
//
// It reads the first ranked replies by id, a random sample where ids are random.
//
// in    lang                  STRING   language of the tree; null for all
// in    posts                 INTEGER  how many posts are looked at; null for 20000
// out   rank                  INTEGER  0 = best
// out   replies               INTEGER
// out   mean_characters       FLOAT
// out   deviation_characters  FLOAT    standard deviation of their lengths, of a sample; 0 for one reply
// out   median_characters     FLOAT
// out   compared              INTEGER  of the replies, those that have a next one in the order
// out   longer                INTEGER  of the compared ones, those that are longer than the next one
// out   longer_share          FLOAT    longer of compared; null where none has a next one
// rows  many                           by rank
// needs ranks
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
WITH rank, count(*) AS replies, avg(characters) AS mean_characters, stDev(characters) AS deviation_characters,
  percentileCont(characters, 0.5) AS median_characters, count(next) AS compared,
  count(CASE WHEN characters > next THEN 1 END) AS longer
RETURN rank, replies, mean_characters, deviation_characters, median_characters, compared, longer,
  CASE WHEN compared > 0 THEN toFloat(longer) / compared END AS longer_share
ORDER BY rank;
