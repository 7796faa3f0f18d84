// stats/rankings_given: the orders that people gave of replies, where two or more ranked them, to see how far they agree.
//
// Looks at the same trees as stats/labels_given. Rankings that call all replies bad are left out: their order is no
// opinion. So are rankings of prompts, each of which is about prompts of its own.
//
// in    lang     STRING      language of the tree; null for all
// in    trees    INTEGER     how many trees are looked at; null for all
// in    bunch    INTEGER     trees in one row
// out   parents  LIST<LIST>  each: role, and by each ranking of its replies the maker's user id and the places LIST<LIST>, each a
//                            position and a reply's id
// rows  many                 the fewer and the larger the rows the faster they come
// cost  a walk along the ids of trees until there are enough, one seek for each, one look at each ranking in them
// mode  read
MATCH (tree:Tree)
WHERE tree.id >= '' AND ($lang IS NULL OR tree.lang = $lang)
WITH tree ORDER BY tree.id LIMIT coalesce($trees, 9223372036854775807)
WITH collect(tree.id) AS ids
UNWIND range(0, size(ids) - 1, $bunch) AS first
CALL (ids, first) {
  UNWIND ids[first..first + $bunch] AS id
  MATCH (parent:Post {tree: id})<-[:UNDER]-(ranking:Ranking)
  USING INDEX parent:Post(tree)
  WHERE NOT ranking.not_rankable
  WITH parent, collect([ranking.maker, [(ranking)-[at:RANKED]->(reply) | [at.position, reply.id]]]) AS given
  WHERE size(given) > 1
  RETURN collect([parent.role, given]) AS parents
}
RETURN parents;
