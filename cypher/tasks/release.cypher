// tasks/release: ends the reservations of a user at once; what he writes all the same is for the other rules.
//
// in    user_id  STRING
// in    now_ms   INTEGER  epoch milliseconds
// rows  none
// cost  an index range as long as the user's open tasks, the reservations of each place
// mode  write
CALL () {
  MATCH (task:Task)
  USING INDEX task:Task(holder, created)
  WHERE task.holder = $user_id AND task.created IS NOT NULL
  WITH task
  MATCH (task)-[:LEASES]->(place:Post)
  WITH DISTINCT place ORDER BY place.id
  SET place:Post
  RETURN collect(place) AS places
}
CALL (places) {
  UNWIND places AS place
  MATCH (place)<-[lease:LEASES]-(task:Task {holder: $user_id})
  SET task:Task
  DELETE lease
  WITH DISTINCT place
  OPTIONAL MATCH (place)<-[other:LEASES]-(:Task) WHERE other.until > $now_ms
  WITH place, count(other) AS live
  WHERE properties(place).pool IS NOT NULL AND live < properties(place).wants
  SET place.key = rand()
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
