// posts/longest_thread: the longest thread in the tree of one post, of posts that are live and not rejected.
//
// in    id    STRING  any post of the tree
// out   post  MAP     null once when the root is deleted or rejected
// rows  many          root first, of equally long threads the oldest; none for an unknown post
// cost  two seeks, one expand for each post of the tree
// mode  read
MATCH (any:Post {id: $id})
MATCH (root:Post {id: any.tree})
OPTIONAL MATCH (root) (()<-[:REPLY_TO]-(reply:Post WHERE NOT reply.deleted AND coalesce(reply.accepted, true))){0,1000} (leaf)
WHERE NOT root.deleted AND coalesce(root.accepted, true)
WITH leaf ORDER BY leaf.depth DESC, leaf.created, leaf.id LIMIT 1
OPTIONAL MATCH (leaf)-[:REPLY_TO]->{0,1000}(post:Post)
WITH post ORDER BY post.depth
RETURN post {
    <<posts/fields>>,
    <<posts/relations>>
  } AS post;
