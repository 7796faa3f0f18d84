// tasks/lease_uniform: lease an open place for a user, and write the task; every place has the same chance.
//
// in    allow         MAP             self_labeling, self_ranking, duplicate_tasks BOOLEAN: rules to leave out
<<tasks/lease_header>>
<<tasks/requester>>
OPTIONAL CALL (user, standing) {
  WITH * WHERE standing = 'ok'
  <<tasks/draw pool=pool key=key>>
  WITH user, draw, place, luck, 1.0 AS weight
  <<tasks/choose>>
}
<<tasks/reserve pool=pool wants=wants key=key lease=LEASES>>;
