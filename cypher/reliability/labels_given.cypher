// reliability/labels_given: the labels of posts that two or more people reviewed, for measures of agreement.
//
// It reads the first trees by id: a random sample where ids are random, and always the same one. Deleted and rejected
// posts count too, since the question is how people judge.
//
// in    lang    STRING        language of the tree; null for all
// in    trees   INTEGER       how many trees are looked at; null for all
// in    labels  LIST<STRING>  names
// in    bunch   INTEGER       trees in one row
// out   trees   INTEGER       number of trees in the row
// out   posts   LIST<LIST>    each: by each of its reviews the maker's user id and the values of the labels, in their order; null where
//                             a review has no such label
// rows  many                  the fewer and the larger the rows the faster they come
// cost  a walk along the ids of trees until there are enough, one seek for each, one look at each review of their posts
// mode  read
<<reliability/sample>>
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
