// posts/relations: what is read of a post beside `posts/fields` where its place in the tree is shown.
parent: head([(post)-[:REPLY_TO]->(above) | above.id]),
rankings: COUNT { (post)<-[:RANKED]-() }
