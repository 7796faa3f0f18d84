// tasks/lease_by_rank: lease an open place for a user, and write the task; the chance of a place falls with its rank and the ranks above it.
//
// in    rank_decay    FLOAT           factor of the weight for each rank
// in    allow         MAP             self_labeling, self_ranking, duplicate_tasks BOOLEAN: rules to leave out
<<tasks/lease_header>>
<<tasks/requester>>
OPTIONAL CALL (user, standing) {
  WITH * WHERE standing = 'ok'
  <<tasks/draw pool=pool key=key>>
  WITH user, draw, place, luck, CASE WHEN draw.weighted THEN $rank_decay ^ reduce(ranks = 0, rank IN COLLECT {
    MATCH (place)-[:REPLY_TO]->{0,1000}(post:Post)
    RETURN coalesce(post.rank, 0)
  } | ranks + rank) ELSE 1.0 END AS weight
  <<tasks/choose>>
}
<<tasks/reserve pool=pool wants=wants key=key lease=LEASES>>;
