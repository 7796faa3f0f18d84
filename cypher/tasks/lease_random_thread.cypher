// tasks/lease_random_thread: lease an open place for a user, and write the task; every thread has the same chance; a place of more than 16 threads counts as one of 16, so that weights are at most 1.
//
// in    allow         MAP             self_labeling, self_ranking, duplicate_tasks BOOLEAN: rules to leave out
<<tasks/lease_header>>
<<tasks/requester>>
OPTIONAL CALL (user, standing) {
  WITH * WHERE standing = 'ok'
  <<tasks/draw pool=pool key=key>>
  WITH user, draw, place, luck, CASE WHEN draw.weighted THEN reduce(sum = 0.0, open IN COLLECT {
    MATCH (leaf:Post)-[:REPLY_TO]->{0,1000}(place)
    WHERE NOT leaf.deleted AND coalesce(leaf.accepted, true) AND NOT EXISTS {
      (leaf)<-[:REPLY_TO]-(reply:Post) WHERE NOT reply.deleted AND coalesce(reply.accepted, true) }
    RETURN COUNT { (leaf)-[:REPLY_TO]->{0,1000}(other:Post) WHERE other.pool IN draw.pools }
  } | sum + 0.0625 / open) ELSE 1.0 END AS weight
  <<tasks/choose>>
}
<<tasks/reserve pool=pool wants=wants key=key lease=LEASES>>;
