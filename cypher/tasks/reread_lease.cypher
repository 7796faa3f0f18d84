// tasks/reread_lease: a task as it was handed out, for a request that is sent again.
//
// in    task_id       STRING
// in    now_ms        INTEGER         epoch milliseconds
// out   outcome       STRING          handed_out
// out   user_id       STRING
// out   kind          STRING
// out   thread        LIST<MAP>       root first; empty for prompts
// out   candidates    LIST<MAP>       in the order shown
// out   form          MAP             for labels
// out   guideline     MAP             the version that was shown: id, kind, lang, version, short, created; null: none
// out   lease_until   INTEGER         end of the lease in epoch milliseconds; null for a task that holds no place
// out   expires       ZONED DATETIME  end of the task's validity; null: never
// out   request_hash  STRING          of the request with the task's idempotency key; null without a key
// rows  maybe                         none for an unknown task
// cost  three seeks, one expand for each post of the thread
// mode  read
MATCH (task:Task {id: $task_id})<-[:TOOK]-(user:User)
<<tasks/handed_out>>
RETURN 'handed_out' AS outcome, user.id AS user_id, task.kind AS kind, thread, candidates, form, guideline, lease_until,
  task.expires AS expires, task.request_hash AS request_hash;
