// wants/replies: how many replies of a post count, and at how many it wants no more.
// A parent whose replies are ranked while the tree grows takes no more: a later reply would have no rank.
// A post at the end of its conversation wants none.
COUNT { (reply:Post)-[:REPLY_TO]->(<<post>>) WHERE NOT reply.deleted AND coalesce(reply.accepted, true) } AS replies,
CASE
  WHEN <<post>>.ended THEN 0
  WHEN $rank_while_growing AND EXISTS { (<<post>>)<-[:UNDER]-(:Ranking) } THEN 0
  WHEN <<post>>.role = 'assistant' AND $num_prompter_replies < tree.max_children THEN $num_prompter_replies
  ELSE tree.max_children
END AS cap
