// trees/score: write the consensus of every parent of a tree; replies outside it lose their rank.
//
// in    scores  LIST<MAP>  each: parent STRING, order LIST<STRING> ids best first, margin INTEGER voters or null
// rows  none
// cost  a seek for each parent, an expand for each reply
// mode  write
UNWIND $scores AS score
MATCH (parent:Post {id: score.parent})
SET parent.consensus_margin = score.margin
WITH score, parent
MATCH (reply:Post)-[:REPLY_TO]->(parent)
SET reply.rank = head([i IN range(0, size(score.order) - 1) WHERE score.order[i] = reply.id]);
