// tasks/open_task: one open task of a user as it was handed out.
//
// in    task_id      STRING
// in    user_id      STRING
// in    now          ZONED DATETIME
// in    now_ms       INTEGER         the same in epoch milliseconds
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
// rows  maybe                        none for a task that is another user's, answered, skipped or expired
// cost  one seek, one expand for each post of the thread
// mode  read
MATCH (task:Task {id: $task_id})
WHERE task.holder = $user_id AND coalesce(task.expires >= $now, true)
<<tasks/handed_out>>
RETURN task.id AS task_id, $user_id AS user_id, task.kind AS kind, thread, candidates, form, guideline, lease_until,
  task.expires AS expires, task.created AS created, task.ack AS ack;
