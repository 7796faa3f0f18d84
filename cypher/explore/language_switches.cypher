// explore/language_switches: posts in another language than their tree.
//
// Such posts come from imports: posts written here have the language of their tree.
//
// in    lang       STRING   language of the tree; null for all
// out   tree_lang  STRING
// out   post_lang  STRING   another one
// out   role       STRING
// out   posts      INTEGER  live ones
// out   trees      INTEGER  that have such a post
// out   accepted   INTEGER  of the posts
// out   example    STRING   id of the first of them by id
// rows  many                the most frequent first
// needs posts
// cost  scan of the trees, then one look at each post
// mode  read
MATCH (tree:Tree)
WHERE $lang IS NULL OR tree.lang = $lang
CALL (tree) {
  MATCH (post:Post {tree: tree.id}) WHERE NOT post.deleted
  WITH tree, post, coalesce(post.imported_lang, post.lang) AS post_lang WHERE post_lang <> tree.lang
  RETURN post_lang, post.role AS role, count(*) AS posts,
    count(CASE WHEN post.accepted THEN 1 END) AS accepted,
    min(post.id) AS example
}
RETURN tree.lang AS tree_lang, post_lang, role, sum(posts) AS posts, count(*) AS trees, sum(accepted) AS accepted,
  min(example) AS example
ORDER BY posts DESC, tree_lang, post_lang, role;
