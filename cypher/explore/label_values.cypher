// explore/label_values: the values that people give each label, and how often.
//
// It reads the first posts by id, a random sample where ids are random: read shares, not numbers. A review holds the value
// of one person; an imported label holds the mean of several people, and counts once for a post.
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
  WITH review, <<explore/labels>> AS labels
  UNWIND labels AS label
  RETURN label, false AS imported, review[label] AS value
  UNION ALL
  UNWIND post.imported_labels AS label
  RETURN label, true AS imported, post['label_' + label] AS value
}
WITH label, imported, value WHERE value IS NOT NULL
RETURN label, imported, value, count(*) AS given
ORDER BY label, imported, value;
