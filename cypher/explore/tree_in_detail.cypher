// explore/tree_in_detail: one tree as rows, each post below the one that it answers.
//
// in    tree      STRING   required; id
// out   depth     INTEGER  0 is the prompt
// out   post      STRING   id
// out   role      STRING
// out   author    STRING   user id; null for the system
// out   rank      INTEGER  among its siblings, 0 = best; null: not ranked
// out   accepted  BOOLEAN  null while undecided
// out   deleted   BOOLEAN
// out   reviews   INTEGER  how many counted
// out   replies   INTEGER  all of them, deleted and rejected ones too
// out   wants     STRING   task kind that it wants answered; null: nothing
// out   text      STRING
// rows  many               depth first, the best reply first, then the oldest
// needs posts
// cost  one seek, a few expands for each post; sorts the posts of one tree
// mode  read
MATCH (tree:Tree {id: $tree})-[:ROOT]->(root:Post)
MATCH (root) (()<-[:REPLY_TO]-(reply:Post)){0,1000} (post:Post)
WITH post, [each IN reply | [coalesce(each.rank, 1000000), each.created, each.id]] AS place
RETURN post.depth AS depth, post.id AS post, post.role AS role, post.author AS author, post.rank AS rank,
  post.accepted AS accepted, post.deleted AS deleted, post.reviews AS reviews,
  COUNT { (post)<-[:REPLY_TO]-(:Post) } AS replies, split(post.pool, ' ')[0] AS wants, post.text AS text
ORDER BY place;
