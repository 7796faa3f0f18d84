// tasks/left_to_people: whether a post leaves enough replies to people when a model writes one more; `wants` is how many it wants.
// What people wrote counts, and so does what they may still write: all wanted replies that no model holds.
COUNT { (reply:Post)-[:REPLY_TO]->(<<post>>)
  WHERE NOT reply.synthetic AND NOT reply.deleted AND coalesce(reply.accepted, true) }
+ <<wants>> - COUNT { (<<post>>)<-[hold:LEASES]-(of_model:Task) WHERE hold.until > $now_ms AND of_model.model_name IS NOT NULL }
> $min_human_replies
