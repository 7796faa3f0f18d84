// explore/contested_reviews: posts whose reviewers contradict each other.
//
// in    lang       STRING   language of the tree; null for all
// in    label      STRING   null for spam, which decides what is rejected
// in    unsettled  BOOLEAN  true leaves out posts that a moderator has looked at since the newest review; null for all
// out   tree       STRING   id
// out   post       STRING   id
// out   lang       STRING   of the tree
// out   reviews    INTEGER  that gave the label
// out   lowest     FLOAT
// out   highest    FLOAT
// out   mean       FLOAT
// out   deviation  FLOAT    standard deviation
// out   accepted   BOOLEAN  the verdict; null while undecided
// out   settled    BOOLEAN  whether a moderator has looked at the post since the newest of these reviews
// rows  many                the largest deviation first, then by post
// needs reviews
// cost  scan of the reviews; keeps some numbers for each post that has any, and sorts the contested ones
// mode  read
MATCH (review:Review)-[:OF]->(post:Post)
WITH post, review, review[coalesce($label, 'spam')] AS value
WHERE value IS NOT NULL
WITH post, count(value) AS reviews, min(value) AS lowest, max(value) AS highest, avg(value) AS mean,
  stDevP(value) AS deviation, coalesce(max(review.created) <= post.reviews_settled, false) AS settled
WHERE lowest < highest AND NOT (settled AND coalesce($unsettled, false))
MATCH (tree:Tree {id: post.tree})
WHERE $lang IS NULL OR tree.lang = $lang
RETURN tree.id AS tree, post.id AS post, tree.lang AS lang, reviews, lowest, highest, mean, deviation,
  post.accepted AS accepted, settled
ORDER BY deviation DESC, post;
