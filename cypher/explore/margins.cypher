// explore/margins: the margins of the consensus rankings, counted.
//
// The margin is that of the weakest pair that decided the order, in voters: 1 of 3 rankings is close, 3 of 3 unanimous.
// Imported orders have no margin and are counted without one.
//
// in    lang      STRING   language of the tree; null for all
// out   rankings  INTEGER  that the parent has
// out   margin    INTEGER  voters by which the weakest decided pair of its replies was decided; null: no rankings here
// out   parents   INTEGER  how many have so many rankings and this margin
// out   replies   FLOAT    ranked under each, on average
// rows  many               by rankings, then margin
// needs ranks
// cost  scan of the trees, then one look at each post, its replies and, where these have ranks, its rankings
// mode  read
MATCH (tree:Tree)
WHERE $lang IS NULL OR tree.lang = $lang
CALL (tree) {
  MATCH (parent:Post {tree: tree.id})<-[:REPLY_TO]-(reply:Post)
  WHERE reply.rank IS NOT NULL
  RETURN parent, count(*) AS replies
}
WITH parent.consensus_margin AS margin, COUNT { (parent)<-[:UNDER]-(:Ranking) } AS rankings, replies
RETURN rankings, margin, count(*) AS parents, avg(toFloat(replies)) AS replies
ORDER BY rankings, margin;
