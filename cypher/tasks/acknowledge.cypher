// tasks/acknowledge: bind a task to the frontend's message id and renew its lease, also when sent again.
//
// A lapsed lease is renewed while the place is free. When another user holds the place, the lease is not renewed and `held`
// is false; the answer is still accepted. The first ack comes from some frontends with the answer: it renews at any time.
//
// in    client    STRING          id of the API client
// in    task_id   STRING
// in    ack       STRING          the frontend's id; unique for each API client
// in    further   LIST<STRING>    further ids that find the task
// in    user_id   STRING          the acting user; null when the request names none
// in    now       ZONED DATETIME
// in    now_ms    INTEGER         the same in epoch milliseconds
// in    until_ms  INTEGER         new end of the lease in epoch milliseconds
// in    lease_max_ms       INTEGER  milliseconds after the task was handed out in which an ack sent again renews; null: without bound
// in    min_human_replies  INTEGER  replies to each post that only people may write
// out   outcome   STRING          acknowledged, no_task, not_yours, expired, done, other_ack, ack_taken
// out   kind      STRING          of the task
// out   expired   ZONED DATETIME  end of the task's validity
// out   held      BOOLEAN         whether the place is leased until `until`; null for a task without a place
// out   until     INTEGER         end of the lease in epoch milliseconds; null unless held
// rows  one
// cost  one seek and the leases of one place
// mode  write
<<tasks/leased>>
WITH task, place, of_place, done, holder, ack, CASE WHEN ack = $ack THEN task.created.epochMillis + $lease_max_ms END AS last_ms,
  CASE
    WHEN task IS NULL THEN 'no_task'
    WHEN $user_id IS NOT NULL AND NOT task.collective AND NOT EXISTS { (task)<-[:TOOK]-(:User {id: $user_id}) }
      THEN 'not_yours'
    WHEN task.expires < $now THEN 'expired'
    WHEN any(id IN CASE WHEN ack = $ack THEN $further ELSE [$ack] + $further END WHERE
        EXISTS { (:TaskMessage {client: $client, message_id: id})-[:NAMES]->(other:Task) WHERE other <> task }
        OR EXISTS { (other:Task {client: $client, ack: id}) WHERE other <> task })
      THEN 'ack_taken'
    WHEN ack = $ack THEN 'acknowledged'
    WHEN done IS NOT NULL THEN 'done'
    WHEN ack IS NOT NULL THEN 'other_ack'
    ELSE 'acknowledged'
  END AS outcome
FOREACH (_ IN CASE WHEN outcome = 'acknowledged' AND ack IS NULL THEN [1] ELSE [] END |
  SET task.ack = $ack, task.acked = $now)
FOREACH (id IN CASE WHEN outcome = 'acknowledged' THEN $further ELSE [] END |
  MERGE (message:TaskMessage {client: $client, message_id: id})
  MERGE (message)-[:NAMES]->(task))
WITH task, place, of_place, done, holder, last_ms, outcome
CALL (task, place, of_place, holder, last_ms, outcome) {
  WITH * WHERE outcome = 'acknowledged' AND holder IS NOT NULL AND place IS NOT NULL
  <<tasks/renewed>>
}
RETURN outcome, task.kind AS kind, task.expires AS expired, until,
  CASE WHEN outcome = 'acknowledged' AND place IS NOT NULL AND done IS NULL AND NOT task.collective
    THEN held END AS held;
