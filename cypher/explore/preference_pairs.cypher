// explore/preference_pairs: pairs of replies for preference training, with the voters behind each.
//
// Posts that are deleted or that reviewers rejected are left out. A pair may be decided the other way round than the
// whole order: its margin is negative then.
//
// in    lang           STRING         language of the tree; null for all
// in    tree           STRING         id; null for all
// in    margin         INTEGER        voters by which a pair has to be decided; null: also pairs that nobody ranked
// in    adjacent       BOOLEAN        whether only neighbours in the order make pairs; null: all pairs
// in    limit          INTEGER        null for 1000
// out   tree           STRING         id
// out   parent         STRING         id of the post that both answer
// out   prompt         STRING         its text; explore/thread has what comes before
// out   chosen         STRING         text of the better one
// out   rejected       STRING         text of the worse one
// out   chosen_post    STRING         id
// out   rejected_post  STRING         id
// out   ranks          LIST<INTEGER>  of both, 0 = best
// out   margin         INTEGER        voters for this order less those against it; null where nobody ranked the two
// out   voters         INTEGER
// rows  many                          by tree, parent and ranks
// cost  scan of the trees by id until there are enough pairs, a look at each post and its replies
// mode  read
MATCH (tree:Tree)
WHERE tree.id >= '' AND ($tree IS NULL OR tree.id = $tree) AND ($lang IS NULL OR tree.lang = $lang)
WITH tree ORDER BY tree.id
CALL (tree) {
  MATCH (parent:Post {tree: tree.id}) WHERE NOT parent.deleted AND coalesce(parent.accepted, true)
  MATCH (parent)<-[:REPLY_TO]-(chosen:Post) WHERE chosen.rank IS NOT NULL
    AND NOT chosen.deleted AND coalesce(chosen.accepted, true)
  MATCH (parent)<-[:REPLY_TO]-(rejected:Post) WHERE rejected.rank > chosen.rank
    AND NOT rejected.deleted AND coalesce(rejected.accepted, true)
    AND (NOT coalesce($adjacent, false) OR rejected.rank = chosen.rank + 1)
  CALL (parent, chosen, rejected) {
    MATCH (parent)<-[:UNDER]-(ranking:Ranking WHERE NOT ranking.not_rankable)-[here:RANKED]->(chosen),
      (ranking)-[there:RANKED]->(rejected)
    RETURN count(*) AS voters, sum(CASE WHEN here.position < there.position THEN 1 ELSE -1 END) AS margin
  }
  RETURN parent, chosen, rejected, voters, CASE WHEN voters > 0 THEN margin END AS margin
}
WITH tree, parent, chosen, rejected, voters, margin WHERE $margin IS NULL OR margin >= $margin
WITH tree, parent, chosen, rejected, voters, margin
ORDER BY tree.id, parent.id, chosen.rank, rejected.rank, chosen.id, rejected.id LIMIT coalesce($limit, 1000)
RETURN tree.id AS tree, parent.id AS parent, parent.text AS prompt, chosen.text AS chosen, rejected.text AS rejected,
  chosen.id AS chosen_post, rejected.id AS rejected_post, [chosen.rank, rejected.rank] AS ranks, margin, voters
ORDER BY tree, parent, ranks, chosen_post, rejected_post;
