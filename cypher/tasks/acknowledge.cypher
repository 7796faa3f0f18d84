// tasks/acknowledge: binds a task to the frontend's message id and renews its reservation.
//
// in    client    STRING          id of the API client
// in    task_id   STRING
// in    ack       STRING          the frontend's id; unique for each API client
// in    user_id   STRING          the acting user; null when the request names none
// in    now       ZONED DATETIME
// in    until_ms  INTEGER         new end of the reservation in epoch milliseconds
// out   outcome   STRING          acknowledged, no_task, not_yours, expired, done, other_ack
// out   kind      STRING          of the task
// out   expired   ZONED DATETIME  end of the task's validity
// rows  one
// cost  one seek
// mode  write
OPTIONAL MATCH (task:Task {id: $task_id, client: $client})
OPTIONAL MATCH (task)-[:LEASES]->(place:Post)
SET place:Post
SET task:Task
WITH task, place, properties(task) AS stored
WITH task, place, stored.ack AS ack, stored.done AS done
WITH task, place, ack,
  CASE
    WHEN task IS NULL THEN 'no_task'
    WHEN $user_id IS NOT NULL AND NOT task.collective AND NOT EXISTS { (task)<-[:TOOK]-(:User {id: $user_id}) }
      THEN 'not_yours'
    WHEN task.expires < $now THEN 'expired'
    WHEN ack = $ack THEN 'acknowledged'
    WHEN done IS NOT NULL THEN 'done'
    WHEN ack IS NOT NULL THEN 'other_ack'
    ELSE 'acknowledged'
  END AS outcome
CALL (task, place, ack, outcome) {
  WITH * WHERE outcome = 'acknowledged' AND ack IS NULL
  SET task.ack = $ack, task.acked = $now
  WITH task, place
  // Found again under the lock: a reservation that lapsed may have been given to somebody else meanwhile.
  MATCH (task)-[lease:LEASES]->(place)
  SET lease.until = $until_ms
  WITH place WHERE place.key >= 1
  MATCH (place)<-[each:LEASES]-(:Task)
  WITH place, min(each.until) AS next_lapse
  SET place.key = next_lapse
}
RETURN outcome, task.kind AS kind, task.expires AS expired;
