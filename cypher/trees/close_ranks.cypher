// trees/close_ranks: renumber the imported ranks of a tree whose posts were deleted or restored.
//
// Imported ranks are numbered among the live replies, and return with a restored reply. Other ranks of replies without
// rankings are removed.
//
// in    id    STRING
// rows  none
// cost  one seek, a few expands for each post of the tree
// mode  write
MATCH (parent:Post {tree: $id}) WHERE NOT EXISTS { (parent)<-[:UNDER]-(:Ranking) }
MATCH (reply:Post)-[:REPLY_TO]->(parent)
WITH parent, reply, coalesce(reply.imported_rank, CASE WHEN reply.position IS NOT NULL THEN reply.rank END) AS came_with
ORDER BY came_with, reply.id
WITH parent, collect({reply: reply, rank: came_with}) AS replies,
  collect(CASE WHEN came_with IS NOT NULL AND NOT reply.deleted THEN reply.id END) AS live
UNWIND replies AS each
WITH each.reply AS reply, each.rank AS came_with, head([i IN range(0, size(live) - 1) WHERE live[i] = each.reply.id]) AS rank
WHERE coalesce(reply.rank, -1) <> coalesce(rank, -1)
SET reply.imported_rank = came_with, reply.rank = rank;
