// posts/delete: marks posts and all below them as deleted, and ends what people have in hand there.
//
// With a post go the places that are reserved at it, and the tasks that show it for ranking: an order that lacks one of
// its candidates is not taken.
//
// in    ids      LIST<STRING>
// in    now_ms   INTEGER       epoch milliseconds
// out   tree_id  STRING
// out   posts    LIST<STRING>  those that were live
// rows  many                   one for each tree of the posts; none when there is no such post
// cost  a seek for each id, a few expands for each post below
// mode  write
CALL () {
  UNWIND $ids AS id
  MATCH (top:Post {id: id})
  WITH DISTINCT top.tree AS tree_id ORDER BY tree_id
  MATCH (tree:Tree {id: tree_id})
  SET tree:Tree
  RETURN collect(tree) AS trees
}
CALL (trees) {
  UNWIND $ids AS id
  MATCH (:Post {id: id})<-[:REPLY_TO]-{0,1000}(post:Post)
  WITH DISTINCT post ORDER BY post.id
  SET post:Post
  WITH post WHERE NOT properties(post).deleted
  SET post.deleted = true, post.reply_key = null, post.pool = null, post.key = null, post.wants = null
  RETURN collect(post) AS posts
}
CALL (posts) {
  UNWIND posts AS post
  MATCH (post)<-[lease:LEASES]-(:Task)
  DELETE lease
}
CALL (posts) {
  UNWIND posts AS post
  MATCH (post)<-[:OFFERED]-(task:Task)-[lease:LEASES]->(parent:Post)
  WITH DISTINCT task, lease, parent ORDER BY parent.id, task.id
  SET parent:Post
  SET task:Task
  SET task.holder = null
  DELETE lease
  WITH DISTINCT parent
  OPTIONAL MATCH (parent)<-[other:LEASES]-(:Task) WHERE other.until > $now_ms
  WITH parent, count(other) AS live
  WHERE properties(parent).pool IS NOT NULL AND live < properties(parent).wants
  SET parent.key = rand()
}
CALL (trees, posts) {
  UNWIND trees AS tree
  RETURN tree.id AS tree_id, null AS post_id
  UNION ALL
  UNWIND posts AS post
  RETURN post.tree AS tree_id, post.id AS post_id
}
WITH tree_id, collect(post_id) AS posts ORDER BY tree_id
RETURN tree_id, posts;
