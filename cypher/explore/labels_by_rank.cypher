// explore/labels_by_rank: the mean of each label by rank: whether reviews agree with rankings.
//
// It reads the first posts by id that have a rank and a label, a random sample where ids are random. The mean of a post is
// that of its reviews and of its imported labels.
//
// in    lang       STRING   language of the tree; null for all
// in    posts      INTEGER  how many posts are looked at; null for 20000
// out   label      STRING
// out   rank       INTEGER  0 = best
// out   posts      INTEGER
// out   mean       FLOAT    of the posts' means
// out   deviation  FLOAT    standard deviation of the posts' means, of a sample; 0 for one post
// rows  many                by label and rank
// needs labels, ranks
// cost  scan along the ids until there are enough posts, one look at each review of them
// mode  read
MATCH (post:Post)
WHERE post.id >= '' AND post.rank IS NOT NULL
  AND (EXISTS { (post)<-[:OF]-(:Review) } OR size(post.imported_labels) > 0)
  AND ($lang IS NULL OR EXISTS { (:Tree {id: post.tree, lang: $lang}) })
WITH post ORDER BY post.id LIMIT coalesce($posts, 20000)
CALL (post) {
  MATCH (post)<-[:OF]-(review:Review)
  UNWIND <<explore/labels>> AS label
  RETURN label, review[label] AS value, 1 AS people
  UNION ALL
  UNWIND post.imported_labels AS label
  RETURN label, post['label_' + label] AS value, post['label_' + label + '_count'] AS people
}
WITH post, label, value, people WHERE value IS NOT NULL AND people > 0
WITH post, label, sum(value * people) / sum(people) AS mean
RETURN label, post.rank AS rank, count(*) AS posts, avg(mean) AS mean, stDev(mean) AS deviation
ORDER BY label, rank;
