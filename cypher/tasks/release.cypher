// tasks/release: end all leases of a user.
//
// in    user_id  STRING
// in    now_ms   INTEGER  epoch milliseconds
// rows  none
// cost  an index range as long as the user's open tasks, the leases of each place
// mode  write
CALL () {
  MATCH (task:Task)
  USING INDEX task:Task(holder, created)
  WHERE task.holder = $user_id AND task.created IS NOT NULL
  WITH task
  MATCH (task)-[:LEASES|LEASES_VOTE]->(place:Post)
  WITH DISTINCT place ORDER BY place.id
  SET place:Post
  RETURN collect(place) AS places
}
CALL (places) {
  UNWIND places AS place
  MATCH (place)<-[lease:LEASES|LEASES_VOTE]-(task:Task {holder: $user_id})
  SET task:Task
  DELETE lease
  WITH DISTINCT place
  CALL (place) {
    <<posts/reopen post=place pool=vote_pool wants=votes_wanted key=vote_key lease=LEASES_VOTE>>
  }
  <<posts/reopen post=place pool=pool wants=wants key=key lease=LEASES>>
}
CALL () {
  MATCH (task:Task)
  USING INDEX task:Task(holder, created)
  WHERE task.holder = $user_id AND task.created IS NOT NULL
  WITH task
  MATCH (task)-[lease:LEASES]->(language:Language)
  SET task:Task
  SET language:Language
  DELETE lease
};
