// posts/descendants: everything below one post, deleted and rejected posts too.
//
// in    id    STRING
// out   post  MAP     null once when nothing is below
// rows  many          by depth, then age; none when there is no such post
// cost  one seek, one expand for each post below
// mode  read
MATCH (top:Post {id: $id})
OPTIONAL MATCH (top)<-[:REPLY_TO]-{1,1000}(post:Post)
WITH post ORDER BY post.depth, post.created, post.id
RETURN post {
    .*,
    parent: head([(post)-[:REPLY_TO]->(above) | above.id]),
    rankings: COUNT { (post)<-[:RANKED]-() },
    reactions: [(post)<-[reaction:REACTED]-(who) | [reaction.emoji, who.id]]
  } AS post;
