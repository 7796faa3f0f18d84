// posts/post: one post with its author, parent and reactions.
//
// in    id      STRING
// out   post    MAP
// rows  maybe
// cost  one seek
// mode  read
MATCH (post:Post {id: $id})
RETURN post {
    .*,
    parent: head([(post)-[:REPLY_TO]->(above) | above.id]),
    rankings: COUNT { (post)<-[:RANKED]-() },
    reactions: [(post)<-[reaction:REACTED]-(who) | [reaction.emoji, who.id]]
  } AS post;
