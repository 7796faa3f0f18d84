// tasks/lease_inverse_depth: lease an open place for a user, and write the task; the chance of a place falls with its depth.
//
// in    allow         MAP             self_labeling, self_ranking, duplicate_tasks BOOLEAN: rules to leave out
<<tasks/lease_header>>
<<tasks/requester>>
OPTIONAL CALL (user, standing) {
  WITH * WHERE standing = 'ok'
  <<tasks/draw pool=pool key=key>>
  WITH user, draw, place, luck, CASE WHEN draw.weighted THEN 1.0 / (1 + place.depth) ELSE 1.0 END AS weight
  <<tasks/choose>>
}
<<tasks/reserve pool=pool wants=wants key=key lease=LEASES>>;
