// reliability/rankings_given: the rankings of replies that two or more people ranked, for measures of agreement.
//
// Looks at the same trees as reliability/labels_given. Rankings that call all replies bad are left out, since their
// order means nothing, and so are rankings of prompts, which rarely share their candidates.
//
// in    lang     STRING      language of the tree; null for all
// in    trees    INTEGER     how many trees are looked at; null for all
// in    bunch    INTEGER     trees in one row
// out   parents  LIST<LIST>  each: role, and by each ranking of its replies the maker's user id and the places LIST<LIST>, each a
//                            position and a reply's id
// rows  many                 the fewer and the larger the rows the faster they come
// cost  a walk along the ids of trees until there are enough, one seek for each, one look at each ranking in them
// mode  read
<<reliability/sample>>
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
