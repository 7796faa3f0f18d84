// posts/tree: the posts of the tree that one post belongs to.
//
// in    id                STRING   any post of the tree
// in    include_rejected  BOOLEAN  false: only accepted ones
// in    include_deleted   BOOLEAN
// out   post              MAP
// rows  many                       by depth, then age; none when there is no such post
// cost  two seeks, one look at each post of the tree
// mode  read
MATCH (any:Post {id: $id})
MATCH (post:Post {tree: any.tree})
WHERE ($include_rejected OR post.accepted) AND ($include_deleted OR NOT post.deleted)
WITH post ORDER BY post.depth, post.created, post.id
RETURN post {
    .*,
    parent: head([(post)-[:REPLY_TO]->(above) | above.id]),
    rankings: COUNT { (post)<-[:RANKED]-() },
    reactions: [(post)<-[reaction:REACTED]-(who) | [reaction.emoji, who.id]]
  } AS post;
