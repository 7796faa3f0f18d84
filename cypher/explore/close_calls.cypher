// explore/close_calls: the posts whose replies have the least certain order.
//
// Imported orders have no margin.
//
// in    lang      STRING   language of the tree; null for all
// in    at_most   INTEGER  the largest margin to look at; null for 1
// out   tree      STRING   id
// out   parent    STRING   id of the post whose replies were ranked
// out   lang      STRING   of the tree
// out   margin    INTEGER  voters by which the weakest decided pair of its replies was decided
// out   rankings  INTEGER  that it has
// out   replies   INTEGER  that have a rank
// out   best      STRING   id of the first reply
// out   next      STRING   id of the second
// rows  many               the smallest margin first, then the most rankings, then by parent
// needs rankings
// cost  scan of the posts, then the tree and the replies of those that are close, which it sorts
// mode  read
MATCH (parent:Post)
WHERE parent.consensus_margin <= coalesce($at_most, 1) AND NOT parent.deleted
MATCH (tree:Tree {id: parent.tree})
WHERE $lang IS NULL OR tree.lang = $lang
WITH tree, parent, parent.consensus_margin AS margin, COUNT { (parent)<-[:UNDER]-(:Ranking) } AS rankings
ORDER BY margin, rankings DESC, parent.id
CALL (parent) {
  MATCH (parent)<-[:REPLY_TO]-(reply:Post) WHERE reply.rank IS NOT NULL AND NOT reply.deleted
  WITH reply ORDER BY reply.rank, reply.id
  RETURN collect(reply.id) AS ranked
}
RETURN tree.id AS tree, parent.id AS parent, tree.lang AS lang, margin, rankings, size(ranked) AS replies,
  ranked[0] AS best, ranked[1] AS next
ORDER BY margin, rankings DESC, parent;
