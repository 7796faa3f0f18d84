// explore/best_threads: the best thread of each tree: from the prompt on, always the best reply.
//
// Replies without a rank come after those that have one, the oldest first. Posts that are deleted or rejected are left
// out, and all below them.
//
// in    lang    STRING        language of the tree; null for all
// in    state   STRING        of the tree; null for all
// out   tree    STRING        id
// out   lang    STRING        of the tree
// out   state   STRING        of the tree
// out   length  INTEGER       posts of the thread
// out   ranked  INTEGER       of them those that have a rank
// out   posts   LIST<STRING>  ids, the prompt first
// out   texts   LIST<STRING>
// rows  many                  by tree
// needs posts
// cost  scan of the trees by id, one expand for each post; sorts nothing beyond a tree
// mode  read
MATCH (tree:Tree)-[:ROOT]->(root:Post)
WHERE tree.id >= '' AND ($lang IS NULL OR tree.lang = $lang) AND ($state IS NULL OR tree.state = $state)
  AND NOT root.deleted AND coalesce(root.accepted, true)
CALL (root) {
  <<explore/threads>>
  // Lists are compared place by place, so the least one has the best reply on each step.
  RETURN [root] + reply AS thread
  ORDER BY [post IN [root] + reply | [coalesce(post.rank, 1000000), post.created, post.id]] LIMIT 1
}
RETURN tree.id AS tree, tree.lang AS lang, tree.state AS state, size(thread) AS length,
  size([post IN thread WHERE post.rank IS NOT NULL]) AS ranked,
  [post IN thread | post.id] AS posts, [post IN thread | post.text] AS texts
ORDER BY tree;
