// explore/reviewer_agreement: agreement among reviewers of the same post, by label.
//
// It reads the first posts by id that have two reviews or more, a random sample where ids are random. Where nearly all
// values are equal, as of spam, agreement is high by chance: compare the mean.
//
// in    lang         STRING   language of the tree; null for all
// in    posts        INTEGER  how many posts are looked at; null for 20000
// out   label        STRING
// out   posts        INTEGER  that two or more people gave it
// out   pairs        INTEGER  of two people and a post
// out   exact_share  FLOAT    of the pairs, those that say the same
// out   deviation    FLOAT    between the two of a pair, on average; 0 all agree, 1 all are opposed
// out   mean         FLOAT    of all values
// rows  many                  by label
// needs reviews
// cost  scan along the ids until there are enough posts, one look at each review of them
// mode  read
MATCH (post:Post)
WHERE post.id >= '' AND COUNT { (post)<-[:OF]-(:Review) } > 1
  AND ($lang IS NULL OR EXISTS { (:Tree {id: post.tree, lang: $lang}) })
WITH post ORDER BY post.id LIMIT coalesce($posts, 20000)
CALL (post) {
  MATCH (post)<-[:OF]-(review:Review)
  UNWIND <<explore/labels>> AS label
  WITH label, collect(review[label]) AS said
  WHERE size(said) > 1
  UNWIND range(0, size(said) - 2) AS i
  UNWIND range(i + 1, size(said) - 1) AS j
  WITH label, said, abs(said[i] - said[j]) AS apart
  WITH label, said, count(*) AS pairs, count(CASE WHEN apart = 0 THEN 1 END) AS same, sum(apart) AS apart
  RETURN label, pairs, same, apart, reduce(sum = 0.0, value IN said | sum + value) AS total, size(said) AS given
}
RETURN label, count(*) AS posts, sum(pairs) AS pairs, toFloat(sum(same)) / sum(pairs) AS exact_share,
  sum(apart) / sum(pairs) AS deviation, sum(total) / sum(given) AS mean
ORDER BY label;
