// explore/disagreement: pairs of replies whose order is disputed among those who ranked them.
//
// Rankings that call all candidates bad are left out.
//
// in    lang            STRING   language of the tree; null for all
// out   tree            STRING   id
// out   parent          STRING   id of the post that both answer
// out   lang            STRING   of the tree
// out   preferred       STRING   id of the reply that more voters put first; of a tie the smaller id
// out   other           STRING   id
// out   voters_for      INTEGER  people who put the preferred one first
// out   voters_against  INTEGER  at least 1
// rows  many                     the most even first, then the most voters, then by id
// needs rankings
// cost  scan of the rankings, then one look at the pairs of each; sorts those that are disputed
// mode  read
MATCH (:Ranking)-[:UNDER]->(parent:Post)
WITH DISTINCT parent
MATCH (tree:Tree {id: parent.tree})
WHERE $lang IS NULL OR tree.lang = $lang
CALL (parent) {
  MATCH (parent)<-[:UNDER]-(ranking:Ranking) WHERE NOT ranking.not_rankable
  MATCH (ranking)-[here:RANKED]->(one:Post), (ranking)-[there:RANKED]->(other:Post)
  WHERE one.id < other.id
  RETURN one.id AS one, other.id AS other, count(*) AS voters,
    count(CASE WHEN here.position < there.position THEN 1 END) AS ahead
}
WITH tree, parent.id AS parent, one, other, voters, ahead WHERE 0 < ahead < voters
WITH tree, parent, voters,
  CASE WHEN 2 * ahead >= voters THEN [one, other, ahead] ELSE [other, one, voters - ahead] END AS pair
RETURN tree.id AS tree, parent, tree.lang AS lang, pair[0] AS preferred, pair[1] AS other, pair[2] AS voters_for,
  voters - pair[2] AS voters_against
ORDER BY toFloat(voters_for) / (voters_for + voters_against), voters_for DESC, parent, preferred, other;
