// exchange/trees: every post of the trees in some states, tree after tree, in the order in which the trees came here.
//
// A post's properties are read once, as a map: reading them one by one by computed names takes three times as long.
//
// in    states    LIST<STRING>
// in    lang      STRING        of the tree; null for all
// in    chunk     INTEGER       posts in one row, at most: what a reader holds ahead is counted in rows
// out   id        STRING        of the tree; its rows follow each other
// out   state     STRING
// out   left_out  LIST<STRING>  what the file of the tree left out
// out   extra     STRING        JSON: what the file said beyond what the graph knows
// out   posts     LIST<MAP>     each: what stands on the post under these names, but created INTEGER microseconds since
//                               1970; parent STRING id; labels, detoxify LIST<STRING> names and label_values,
//                               label_counts, detoxify_values LIST, in that order; reactions LIST<STRING> emojis of
//                               people here; said LIST<MAP> their reviews and remarks, labels among other values
// rows  many
// cost  the index over the trees' states, one seek for each tree, one look at each post; sorts the trees, not the posts
// mode  read
MATCH (tree:Tree)
WHERE tree.state IN $states AND tree.lang IS NOT NULL AND ($lang IS NULL OR tree.lang = $lang)
WITH tree ORDER BY tree.created, tree.id
CALL (tree) {
  MATCH (post:Post {tree: tree.id})
  OPTIONAL MATCH (post)-[:REPLY_TO]->(above)
  WITH post, above, properties(post) AS p
  RETURN collect({
    id: p.id, parent: above.id, position: p.position, author: p.author,
    created: p.created.epochSeconds * 1000000 + p.created.microsecond, text: p.text, role: p.role, lang: p.lang,
    depth: p.depth, reviews: p.reviews, accepted: p.accepted, deleted: p.deleted, rank: p.rank,
    synthetic: p.synthetic, model_name: p.model_name, left_out: p.left_out, extra: p.extra,
    imported_emojis: p.imported_emojis, reactions: [(post)<-[reaction:REACTED]-() | reaction.emoji],
    labels: p.imported_labels, label_values: [name IN p.imported_labels | p['label_' + name]],
    label_counts: [name IN p.imported_labels | p['label_' + name + '_count']],
    said: [(post)<-[:OF]-(review) | review {.*, id: null, key: null, text: null, created: null, changed: null}],
    detoxify: p.imported_detoxify, detoxify_values: [name IN p.imported_detoxify | p['detoxify_' + name]]
  }) AS all_posts
}
UNWIND range(0, size(all_posts) - 1, $chunk) AS start
RETURN tree.id AS id, tree.state AS state, tree.left_out AS left_out, tree.extra AS extra,
  all_posts[start..start + $chunk] AS posts
ORDER BY tree.created, tree.id;
