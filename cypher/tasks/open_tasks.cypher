// tasks/open_tasks: the open tasks of a user as they were handed out, newest first.
//
// in    user_id      STRING
// in    now          ZONED DATETIME
// in    now_ms       INTEGER         the same in epoch milliseconds
// in    limit        INTEGER
// out   task_id      STRING
// out   user_id      STRING
// out   kind         STRING
// out   thread       LIST<MAP>       root first; empty for prompts
// out   candidates   LIST<MAP>       in the order shown
// out   form         MAP             for labels
// out   guideline    MAP             the version that was shown: id, kind, lang, version, short, created; null: none
// out   lease_until  INTEGER         end of the lease in epoch milliseconds; null for a task that holds no place
// out   expires      ZONED DATETIME  end of the task's validity; null: never
// out   created      ZONED DATETIME
// out   ack          STRING          the message id of the ack; null before it
// rows  many                         among the newest tasks that were neither answered nor skipped, up to the limit
// cost  an index range up to the limit, one expand for each post of the threads
// mode  read
CALL () {
  MATCH (task:Task) WHERE task.holder = $user_id AND task.created <= $now
  RETURN task ORDER BY task.holder DESC, task.created DESC LIMIT $limit
}
WITH task WHERE coalesce(task.expires >= $now, true)
<<tasks/handed_out>>
RETURN task.id AS task_id, $user_id AS user_id, task.kind AS kind, thread, candidates, form, guideline, lease_until,
  task.expires AS expires, task.created AS created, task.ack AS ack
ORDER BY created DESC, task_id;
