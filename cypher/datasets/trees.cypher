// datasets/trees: every post of the trees in some states, tree after tree, in the order in which the trees were stored.
//
// A post is a list and not a map, since names would be half of the bytes sent. Its properties are read once, as a map:
// reading them one by one by computed names takes three times as long.
//
// in    states    LIST<STRING>
// in    langs     LIST<STRING>  of the tree; null for all
// in    since     ZONED DATETIME  only trees whose root was written then or later; null for all
// in    until     ZONED DATETIME  only trees whose root was written before; null for all
// in    without   LIST<STRING>  ids of users whose labels, reactions and rankings are left out; null for none
// in    by_people BOOLEAN       whether to include who reacted, and how people ranked; null for no
// in    bunch     INTEGER       trees in one row, at most: each row costs a reader as much as some posts
// in    chunk     INTEGER       posts in one row, at most: what a reader holds ahead is counted in rows
// out   trees     LIST<LIST>    each: id, state, what the file of the tree left out LIST<STRING>, extra STRING JSON of
//                               what the file said beyond what the graph knows, origin STRING, id in that file
//                               STRING; null when the posts go on with the trees of the row before
// out   posts     LIST<LIST>    each: tree, id, parent's id, role, text, lang, depth, position, author, created INTEGER
//                               in microseconds since 1970, reviews, accepted, deleted, rank, synthetic, model_name,
//                               left_out, extra, consensus_margin, ended, imported_emojis, emojis LIST<STRING> of people
//                               here, names of labels LIST<STRING>, their values, their counts, said LIST<LIST> by each
//                               review and remark the value of each label, by its name, names of scores LIST<STRING>, their values,
//                               reactions LIST<LIST> each user's id and emoji, rankings LIST<LIST> each id, maker,
//                               order as shown, not_rankable, places LIST<LIST> each position and reply's id
// rows  many
// cost  the index over the trees' states, one seek for each tree, one look at each post; sorts the trees, not the posts
// mode  read
MATCH (tree:Tree)
WHERE tree.state IN $states AND tree.lang IS NOT NULL AND ($langs IS NULL OR tree.lang IN $langs)
  AND ($since IS NULL OR EXISTS { (tree)-[:ROOT]->(root) WHERE root.created >= $since })
  AND ($until IS NULL OR EXISTS { (tree)-[:ROOT]->(root) WHERE root.created < $until })
WITH tree ORDER BY tree.created, tree.id
WITH collect(tree) AS all_trees
UNWIND range(0, size(all_trees) - 1, $bunch) AS first
CALL (all_trees, first) {
  WITH all_trees[first..first + $bunch] AS bunch
  UNWIND bunch AS tree
  MATCH (post:Post {tree: tree.id})
  OPTIONAL MATCH (post)-[:REPLY_TO]->(above)
  WITH bunch, post, above, properties(post) AS p
  RETURN bunch, collect([
    p.tree, coalesce(p.imported_id, p.id), coalesce(above.imported_id, above.id), p.role, p.text,
    coalesce(p.imported_lang, p.lang), p.depth, p.position, p.author,
    p.created.epochSeconds * 1000000 + p.created.microsecond, p.reviews, p.accepted, p.deleted, p.rank,
    p.synthetic, p.model_name, p.left_out, p.extra, p.consensus_margin, p.ended, p.imported_emojis,
    [(post)<-[reaction:REACTED]-(user) WHERE $without IS NULL OR NOT user.id IN $without | reaction.emoji],
    p.imported_labels, [name IN p.imported_labels | p['label_' + name]],
    [name IN p.imported_labels | p['label_' + name + '_count']],
    [each IN [(post)<-[:OF]-(given)
        WHERE $without IS NULL OR NOT EXISTS { (given)<-[:MADE|REMARKED]-(user:User) WHERE user.id IN $without } |
        properties(given)] |
      [each.creativity, each.fails_task, each.hate_speech, each.helpfulness, each.humor, each.lang_mismatch,
        each.moral_judgement, each.not_appropriate, each.pii, each.political_content, each.quality,
        each.sexual_content, each.spam, each.toxicity, each.violence]],
    p.imported_detoxify, [name IN p.imported_detoxify | p['detoxify_' + name]],
    CASE WHEN $by_people THEN
      [(post)<-[reaction:REACTED]-(user) WHERE $without IS NULL OR NOT user.id IN $without | [user.id, reaction.emoji]]
    END,
    CASE WHEN $by_people THEN
      [(post)<-[:UNDER]-(ranking:Ranking) WHERE $without IS NULL OR NOT ranking.maker IN $without |
        [ranking.id, ranking.maker, ranking.order, ranking.not_rankable,
          [(ranking)-[at:RANKED]->(reply) | [at.position, coalesce(reply.imported_id, reply.id)]]]]
    END
  ]) AS all_posts
}
UNWIND range(0, size(all_posts) - 1, $chunk) AS start
RETURN CASE start WHEN 0 THEN [tree IN bunch | [tree.id, tree.state, tree.left_out, tree.extra, tree.origin, tree.imported_id]] END AS trees,
  all_posts[start..start + $chunk] AS posts;
