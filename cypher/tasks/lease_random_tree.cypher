// tasks/lease_random_tree: lease an open place for a user, and write the task; every tree has the same chance.
//
// in    allow         MAP             self_labeling, self_ranking, duplicate_tasks BOOLEAN: rules to leave out
<<tasks/lease_header>>
<<tasks/requester>>
OPTIONAL CALL (user, standing) {
  WITH * WHERE standing = 'ok'
  <<tasks/draw pool=pool key=key>>
  WITH user, draw, place, luck, CASE WHEN draw.weighted THEN 1.0 / COUNT { MATCH (other:Post {tree: place.tree}) WHERE other.pool IN draw.pools } ELSE 1.0 END AS weight
  <<tasks/choose>>
}
<<tasks/reserve pool=pool wants=wants key=key lease=LEASES>>;
