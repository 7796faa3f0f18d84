// explore/preference_pairs: pairs of replies for preference training, with the number of voters for each.
//
// The same pairs as in `oa-graph export --as preference`, which takes trees that are ready for export by default:
// posts that are deleted or not accepted are left out with all below them, and so are ties, pairs that more
// voters put the other way round, and replies with the same text.
//
// in    lang           STRING         language of the tree; null for all
// in    state          STRING         of the tree; null for all
// in    tree           STRING         id; null for all
// in    margin         INTEGER        voters by which a pair has to be decided; null: also pairs that nobody ranked
// in    adjacent       BOOLEAN        whether a reply makes pairs with those of the next rank alone; null: with all
// out   tree           STRING         id
// out   parent         STRING         id of the post that both answer
// out   prompt         STRING         its text; explore/thread has what comes before
// out   chosen         STRING         text of the better one
// out   rejected       STRING         text of the worse one
// out   chosen_post    STRING         id
// out   rejected_post  STRING         id
// out   ranks          LIST<INTEGER>  of both, 0 = best
// out   margin         INTEGER        voters for this order less those against it; of the whole order where nobody ranked
//                                     the two; null for an imported order
// out   voters         INTEGER        people who ranked the two
// rows  many                          by tree, parent and ranks
// needs ranks
// cost  scan of the trees by id, a look at each post and its replies; sorts nothing beyond a tree
// mode  read
MATCH (tree:Tree)
WHERE tree.id >= '' AND ($tree IS NULL OR tree.id = $tree) AND ($lang IS NULL OR tree.lang = $lang)
  AND ($state IS NULL OR tree.state = $state)
CALL (tree) {
  MATCH (tree)-[:ROOT]->(root:Post) WHERE root.accepted AND NOT root.deleted
  MATCH (root) (()<-[:REPLY_TO]-(above:Post WHERE above.accepted AND NOT above.deleted)){0,1000} (parent:Post)
  WHERE parent.role = 'prompter'
  MATCH (parent)<-[:REPLY_TO]-(reply:Post) WHERE reply.rank IS NOT NULL AND reply.accepted AND NOT reply.deleted
  WITH parent, reply ORDER BY reply.rank, reply.position, reply.created, reply.id
  WITH parent, collect(reply) AS replies
  UNWIND range(0, size(replies) - 2) AS i
  UNWIND range(i + 1, size(replies) - 1) AS j
  WITH parent, replies, replies[i] AS chosen, replies[j] AS rejected
  WHERE chosen.rank < rejected.rank AND chosen.text <> rejected.text AND NOT (coalesce($adjacent, false)
    AND any(reply IN replies WHERE chosen.rank < reply.rank AND reply.rank < rejected.rank))
  CALL (parent, chosen, rejected) {
    MATCH (parent)<-[:UNDER]-(ranking:Ranking WHERE NOT ranking.not_rankable)-[here:RANKED]->(chosen),
      (ranking)-[there:RANKED]->(rejected)
    RETURN count(*) AS voters, sum(CASE WHEN here.position < there.position THEN 1 ELSE -1 END) AS balance
  }
  RETURN parent, chosen, rejected, voters,
    CASE WHEN voters > 0 THEN balance ELSE parent.consensus_margin END AS margin
}
WITH tree, parent, chosen, rejected, voters, margin
WHERE (margin >= coalesce($margin, 1) AND margin > 0) OR (margin IS NULL AND $margin IS NULL)
RETURN tree.id AS tree, parent.id AS parent, parent.text AS prompt, chosen.text AS chosen, rejected.text AS rejected,
  chosen.id AS chosen_post, rejected.id AS rejected_post, [chosen.rank, rejected.rank] AS ranks, margin, voters
ORDER BY tree, parent, ranks, chosen_post, rejected_post;
