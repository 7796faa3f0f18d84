// explore/depths: the number of posts at each depth, and their verdicts.
//
// in    lang       STRING   language of the tree; null for all
// out   depth      INTEGER  0 is the root
// out   role       STRING
// out   accepted   INTEGER  live posts that the reviews accepted
// out   undecided  INTEGER  live posts under review
// out   rejected   INTEGER  live posts that the reviews rejected
// out   deleted    INTEGER
// rows  many                by depth
// needs posts
// cost  scan of the trees, then one look at each post: the whole graph is what is asked for
// mode  read
MATCH (tree:Tree)
WHERE $lang IS NULL OR tree.lang = $lang
CALL (tree) {
  MATCH (post:Post {tree: tree.id})
  RETURN post
}
RETURN post.depth AS depth, post.role AS role,
  count(CASE WHEN post.accepted AND NOT post.deleted THEN 1 END) AS accepted,
  count(CASE WHEN post.accepted IS NULL AND NOT post.deleted THEN 1 END) AS undecided,
  count(CASE WHEN post.accepted = false AND NOT post.deleted THEN 1 END) AS rejected,
  count(CASE WHEN post.deleted THEN 1 END) AS deleted
ORDER BY depth, role;
