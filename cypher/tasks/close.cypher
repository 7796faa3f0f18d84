// tasks/close: ends a collective task.
//
// in    client   STRING          id of the API client
// in    ack      STRING          the id that the task was acknowledged with
// in    now      ZONED DATETIME
// in    now_ms   INTEGER         the same in epoch milliseconds
// out   outcome  STRING          closed, no_task, expired, done, not_collective
// out   task_id  STRING
// out   kind     STRING          of the task
// out   expired  ZONED DATETIME  end of the task's validity
// rows  one
// cost  one seek
// mode  write
OPTIONAL MATCH (task:Task {client: $client, ack: $ack})
OPTIONAL MATCH (task)-[:FOR]->(post:Post)
SET post:Post
SET task:Task
WITH task, post, properties(task).done AS done
WITH task, post,
  CASE
    WHEN task IS NULL THEN 'no_task'
    WHEN task.expires < $now THEN 'expired'
    WHEN NOT task.collective THEN 'not_collective'
    WHEN done IS NOT NULL THEN 'done'
    ELSE 'closed'
  END AS outcome
CALL (task, post, outcome) {
  WITH * WHERE outcome = 'closed'
  SET task.done = $now, task.holder = null
  WITH task, post
  CALL (task) { MATCH (task)-[own:LEASES]->() DELETE own }
  OPTIONAL MATCH (post)<-[lease:LEASES]-(:Task) WHERE lease.until > $now_ms
  WITH post, count(lease) AS live
  WHERE properties(post).pool IS NOT NULL AND live < properties(post).wants
  SET post.key = rand()
}
RETURN outcome, task.kind AS kind, task.id AS task_id, task.expires AS expired;
