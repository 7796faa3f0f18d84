// explore/root_to_leaf_threads: every thread from a prompt to a post without replies, as lists.
//
// Posts that are deleted or rejected are left out, and all below them.
//
// in    lang    STRING        language of the tree; null for all
// in    tree    STRING        id; null for all
// out   tree    STRING        id
// out   lang    STRING        of the tree
// out   leaf    STRING        id of the last post
// out   length  INTEGER       posts of the thread
// out   posts   LIST<STRING>  ids, the prompt first
// out   roles   LIST<STRING>
// out   texts   LIST<STRING>
// rows  many                  by tree and leaf
// needs posts
// cost  scan of the trees by id, one expand for each post; sorts nothing beyond a tree
// mode  read
MATCH (tree:Tree)
WHERE tree.id >= '' AND ($tree IS NULL OR tree.id = $tree) AND ($lang IS NULL OR tree.lang = $lang)
CALL (tree) {
  MATCH (tree)-[:ROOT]->(root:Post) WHERE NOT root.deleted AND coalesce(root.accepted, true)
  <<explore/threads>>
  RETURN leaf, [root] + reply AS thread
}
RETURN tree.id AS tree, tree.lang AS lang, leaf.id AS leaf, size(thread) AS length,
  [post IN thread | post.id] AS posts, [post IN thread | post.role] AS roles, [post IN thread | post.text] AS texts
ORDER BY tree, leaf;
