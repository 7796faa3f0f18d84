// explore/shape_by_language: the size, depth and branching of trees, by language.
//
// Posts that are deleted or rejected are left out, and so are trees of which no post stands.
//
// in    lang       STRING   language of the tree; null for all
// out   lang       STRING
// out   trees      INTEGER
// out   posts      INTEGER
// out   tree_size  FLOAT    posts of a tree, on average
// out   mean_depth FLOAT    depth of the deepest post of a tree, on average; 0 is the root
// out   max_depth  INTEGER
// out   branching  FLOAT    replies of a post that has any, on average; null where none has
// rows  many                the largest language first
// needs posts
// cost  scan of the trees, then one look at each post and one at what it answers
// mode  read
MATCH (tree:Tree)
WHERE $lang IS NULL OR tree.lang = $lang
CALL (tree) {
  MATCH (post:Post {tree: tree.id})
  WHERE NOT post.deleted AND coalesce(post.accepted, true)
  OPTIONAL MATCH (post)-[:REPLY_TO]->(parent:Post)
  RETURN count(post) AS posts, max(post.depth) AS depth, count(parent) AS replies, count(DISTINCT parent) AS parents
}
WITH tree.lang AS lang, posts, depth, replies, parents
WHERE posts > 0
WITH lang, count(*) AS trees, sum(posts) AS posts, avg(toFloat(posts)) AS tree_size, avg(toFloat(depth)) AS mean_depth,
  max(depth) AS max_depth, sum(replies) AS replies, sum(parents) AS parents
RETURN lang, trees, posts, tree_size, mean_depth, max_depth,
  CASE WHEN parents > 0 THEN toFloat(replies) / parents END AS branching
ORDER BY posts DESC, lang;
