// tasks/close: close a collective task.
//
// in    client   STRING          id of the API client
// in    task_id  STRING          null where the task is named by a message id
// in    ack      STRING          a message id that the task was acknowledged with; null where the task is named by its id
// in    now      ZONED DATETIME
// in    now_ms   INTEGER         the same in epoch milliseconds
// out   outcome  STRING          closed, no_task, expired, done, not_collective
// out   task_id  STRING
// out   kind     STRING          of the task
// out   expired  ZONED DATETIME  end of the task's validity
// rows  one
// cost  one seek
// mode  write
<<tasks/named>>
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
  CALL (task) { MATCH (task)-[own:LEASES|LEASES_VOTE]->() DELETE own }
  CALL (post) {
    <<posts/reopen post=post pool=vote_pool wants=votes_wanted key=vote_key lease=LEASES_VOTE>>
  }
  <<posts/reopen post=post pool=pool wants=wants key=key lease=LEASES>>
}
RETURN outcome, task.kind AS kind, task.id AS task_id, task.expires AS expired;
