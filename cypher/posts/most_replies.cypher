// posts/most_replies: the live post with most live replies in the tree of one post, and those replies.
//
// in    id    STRING  any post of the tree
// out   post  MAP     null once when the whole tree is deleted
// rows  many          the post, then its replies, oldest first; none for an unknown post
// cost  two seeks, one expand for each post of the tree
// mode  read
MATCH (any:Post {id: $id})
OPTIONAL MATCH (parent:Post {tree: any.tree}) WHERE NOT parent.deleted
WITH parent, COUNT { (parent)<-[:REPLY_TO]-(reply:Post) WHERE NOT reply.deleted } AS replies
ORDER BY replies DESC, parent.depth, parent.created, parent.id LIMIT 1
OPTIONAL MATCH (parent)<-[:REPLY_TO]-{0,1}(post:Post) WHERE NOT post.deleted
WITH post ORDER BY post.depth, post.created, post.id
RETURN post {
    <<posts/fields>>,
    <<posts/relations>>
  } AS post;
