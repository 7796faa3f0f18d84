// explore/label_means: the mean of each label of each post.
//
// in    lang       STRING   language of the tree; null for all
// in    tree       STRING   id; null for all
// in    label      STRING   null for all
// out   tree       STRING   id
// out   post       STRING   id
// out   label      STRING
// out   mean       FLOAT
// out   deviation  FLOAT    standard deviation of the values: 0 where all are equal
// out   given      INTEGER  number of values
// out   imported   BOOLEAN  whether it was imported, without a deviation
// rows  many                by post and label
// needs labels
// cost  scan of the trees by id, one look at each review of their posts; sorts nothing beyond a tree
// mode  read
MATCH (tree:Tree)
WHERE tree.id >= '' AND ($tree IS NULL OR tree.id = $tree) AND ($lang IS NULL OR tree.lang = $lang)
CALL (tree) {
  MATCH (post:Post {tree: tree.id})
  WHERE EXISTS { (post)<-[:OF]-(:Review) } OR size(post.imported_labels) > 0
  RETURN post
}
CALL (post) {
  MATCH (post)<-[:OF]-(review:Review)
  UNWIND <<explore/labels>> AS label
  RETURN label, avg(review[label]) AS mean, stDevP(review[label]) AS deviation, count(*) AS given, false AS imported
  UNION ALL
  UNWIND post.imported_labels AS label
  RETURN label, post['label_' + label] AS mean, null AS deviation, post['label_' + label + '_count'] AS given,
    true AS imported
}
WITH tree, post, label, mean, deviation, given, imported WHERE $label IS NULL OR label = $label
RETURN tree.id AS tree, post.id AS post, label, mean, deviation, given, imported
ORDER BY tree, post, label, imported;
