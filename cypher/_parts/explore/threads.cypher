// explore/threads: the threads of a tree from its root to each post that nobody has answered, live and not rejected.
MATCH (root)
  (()<-[:REPLY_TO]-(reply:Post WHERE NOT reply.deleted AND coalesce(reply.accepted, true))){0,1000} (leaf:Post)
WHERE NOT EXISTS { (leaf)<-[:REPLY_TO]-(more:Post) WHERE NOT more.deleted AND coalesce(more.accepted, true) }
