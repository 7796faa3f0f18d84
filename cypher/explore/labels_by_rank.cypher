// explore/labels_by_rank: whether the order of the crowd fits what reviewers say: the mean of each label by rank.
//
// Looks at the first posts by id that have a rank and a review, which is as good as a draw where ids are made at
// random. Labels that came with an import are left out.
//
// in    lang       STRING   language of the tree; null for all
// in    posts      INTEGER  how many posts are looked at; null for 20000
// out   label      STRING
// out   rank       INTEGER  0 = best
// out   posts      INTEGER
// out   mean       FLOAT    of the posts' means
// out   deviation  FLOAT    standard deviation of the posts' means, of a sample; 0 for one post
// rows  many                by label and rank
// cost  scan along the ids until there are enough posts, one look at each review of them
// mode  read
MATCH (post:Post)
WHERE post.id >= '' AND post.rank IS NOT NULL AND EXISTS { (post)<-[:OF]-(:Review) }
  AND ($lang IS NULL OR EXISTS { (:Tree {id: post.tree, lang: $lang}) })
WITH post ORDER BY post.id LIMIT coalesce($posts, 20000)
CALL (post) {
  MATCH (post)<-[:OF]-(review:Review)
  UNWIND [name IN keys(review) WHERE NOT name IN ['id', 'key', 'maker', 'text', 'created']] AS label
  RETURN label, avg(review[label]) AS mean
}
RETURN label, post.rank AS rank, count(*) AS posts, avg(mean) AS mean, stDev(mean) AS deviation
ORDER BY label, rank;
