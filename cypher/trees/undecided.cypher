// trees/undecided: posts of a tree with reviews and without a verdict, with the means of their reviews; locks the tree.
//
// in    id             STRING
// out   post           STRING   id
// out   kind           STRING   the kind of task that reviews it
// out   reviews        INTEGER  number of reviews
// out   spam           FLOAT    mean over them
// out   lang_mismatch  FLOAT    mean over them, absent as 0
// rows  many
// cost  one seek, a few expands for each post of the tree
// mode  write
MATCH (tree:Tree {id: $id})
SET tree:Tree
WITH tree, properties(tree).state AS state
MATCH (post:Post {tree: tree.id})
WHERE post.accepted IS NULL AND NOT post.deleted
  AND (state = 'initial_prompt_review' AND post.depth = 0 OR state = 'growing' AND post.depth > 0)
MATCH (post)<-[:OF]-(review:Review)
RETURN post.id AS post,
  <<wants/review_kind>> AS kind,
  count(review) AS reviews, avg(review.spam) AS spam, avg(coalesce(review.lang_mismatch, 0.0)) AS lang_mismatch;
