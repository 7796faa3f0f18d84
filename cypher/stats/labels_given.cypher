// stats/labels_given: what people said in reviews of posts that two or more of them reviewed, to see how far they agree.
//
// Looks at the first trees by id, which is as good as a draw where ids are made at random, and always the same one.
// Deleted and rejected posts count too: what is told is what people said, not what came of it.
//
// in    lang    STRING        language of the tree; null for all
// in    trees   INTEGER       how many trees are looked at; null for all
// in    labels  LIST<STRING>  names
// in    bunch   INTEGER       trees in one row
// out   trees   INTEGER       how many the row is about
// out   posts   LIST<LIST>    each: by each of its reviews the maker's user id and the values of the labels, in their order; null where
//                             nothing was said
// rows  many                  the fewer and the larger the rows the faster they come
// cost  a walk along the ids of trees until there are enough, one seek for each, one look at each review of their posts
// mode  read
MATCH (tree:Tree)
WHERE tree.id >= '' AND ($lang IS NULL OR tree.lang = $lang)
WITH tree ORDER BY tree.id LIMIT coalesce($trees, 9223372036854775807)
WITH collect(tree.id) AS ids
UNWIND range(0, size(ids) - 1, $bunch) AS first
CALL (ids, first) {
  WITH ids[first..first + $bunch] AS bunch
  UNWIND bunch AS id
  OPTIONAL MATCH (post:Post {tree: id})<-[:OF]-(review:Review)
  USING INDEX post:Post(tree)
  WITH bunch, post, properties(review) AS said
  WITH bunch, post, collect([said.maker, [label IN $labels | said[label]]]) AS given
  RETURN size(bunch) AS trees, collect(CASE WHEN size(given) > 1 AND post IS NOT NULL THEN given END) AS posts
}
RETURN trees, posts;
