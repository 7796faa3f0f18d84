// explore/label_values: which values people give each label, and how often.
//
// Looks at the first posts by id, which is as good as a draw where ids are made at random: shares are what to read, not
// numbers. Reviews have a value of each person; imported labels have the mean of some people, and count once for a post.
//
// in    lang      STRING   language of the tree; null for all
// in    posts     INTEGER  how many posts are looked at; null for 20000
// out   label     STRING
// out   imported  BOOLEAN
// out   value     FLOAT
// out   given     INTEGER  how often
// rows  many               by label and value; values that nobody gave are left out
// needs labels
// cost  scan along the ids until there are enough posts, one look at each review of them
// mode  read
MATCH (post:Post)
WHERE post.id >= '' AND ($lang IS NULL OR EXISTS { (:Tree {id: post.tree, lang: $lang}) })
WITH post ORDER BY post.id LIMIT coalesce($posts, 20000)
CALL (post) {
  MATCH (post)<-[:OF]-(review:Review)
  WITH review, [name IN keys(review) WHERE NOT name IN ['id', 'key', 'maker', 'text', 'created']] AS labels
  UNWIND labels AS label
  RETURN label, false AS imported, review[label] AS value
  UNION ALL
  UNWIND post.imported_labels AS label
  RETURN label, true AS imported, post['label_' + label] AS value
}
WITH label, imported, value WHERE value IS NOT NULL
RETURN label, imported, value, count(*) AS given
ORDER BY label, imported, value;
