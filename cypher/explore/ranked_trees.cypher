// explore/ranked_trees: the trees with the most ranked replies, up to a size.
//
// in    lang      STRING   language of the tree; null for all
// in    at_most   INTEGER  live posts of a tree; null for 24
// out   tree      STRING   id
// out   lang      STRING
// out   state     STRING
// out   posts     INTEGER  live ones
// out   ranked    INTEGER  those of them that have a rank
// out   depth     INTEGER  of the deepest
// rows  many               the most ranked first, then the largest
// needs posts
// cost  scan of the trees, then one look at each post; sorts the trees
// mode  read
MATCH (tree:Tree)
WHERE $lang IS NULL OR tree.lang = $lang
CALL (tree) {
  MATCH (post:Post {tree: tree.id}) WHERE NOT post.deleted
  RETURN count(post) AS posts, count(post.rank) AS ranked, max(post.depth) AS depth
}
WITH tree, posts, ranked, depth
WHERE 0 < posts <= coalesce($at_most, 24)
RETURN tree.id AS tree, tree.lang AS lang, tree.state AS state, posts, ranked, depth
ORDER BY ranked DESC, posts DESC, tree;
