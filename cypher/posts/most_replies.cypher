// posts/most_replies: the live post with most live replies in the tree that one post belongs to, and those replies.
//
// in    id    STRING  any post of the tree
// out   post  MAP     null once when all of the tree is deleted
// rows  many          the post, then its replies, oldest first; none when there is no such post
// cost  two seeks, one expand for each post of the tree
// mode  read
MATCH (any:Post {id: $id})
OPTIONAL MATCH (parent:Post {tree: any.tree}) WHERE NOT parent.deleted
WITH parent, COUNT { (parent)<-[:REPLY_TO]-(reply:Post) WHERE NOT reply.deleted } AS replies
ORDER BY replies DESC, parent.depth, parent.created, parent.id LIMIT 1
OPTIONAL MATCH (parent)<-[:REPLY_TO]-{0,1}(post:Post) WHERE NOT post.deleted
WITH post ORDER BY post.depth, post.created, post.id
RETURN post {
    .*,
    parent: head([(post)-[:REPLY_TO]->(above) | above.id]),
    rankings: COUNT { (post)<-[:RANKED]-() },
    reactions: [(post)<-[reaction:REACTED]-(who) | [reaction.emoji, who.id]]
  } AS post;
