// posts/delete: mark posts and all posts below them as deleted, and end the leases and ranking tasks on them.
//
// Leases of the posts end, and so do tasks that offer one of them for ranking: a ranking without one of its candidates is
// not accepted.
//
// in    ids      LIST<STRING>
// in    now_ms   INTEGER       epoch milliseconds
// out   tree_id  STRING
// out   posts    LIST<STRING>  the posts that were live
// rows  many                   one for each tree of the posts; none for an unknown post
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
  <<wants/no_vote post=post>>
  RETURN collect(post) AS posts
}
CALL (posts) {
  UNWIND posts AS post
  MATCH (post)<-[lease:LEASES|LEASES_VOTE]-(:Task)
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
  <<posts/reopen post=parent pool=pool wants=wants key=key lease=LEASES>>
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
