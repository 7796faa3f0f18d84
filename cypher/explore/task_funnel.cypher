// explore/task_funnel: how many tasks are acknowledged, done, skipped and expired, by kind.
//
// A collective task is done when it is closed, however many answers it has.
//
// in    lang            STRING   that the task was asked for in; null for all
// out   kind            STRING   of the tasks
// out   handed_out      INTEGER
// out   acknowledged    INTEGER
// out   done            INTEGER
// out   skipped         INTEGER
// out   expired         INTEGER  neither done nor skipped, and no answer is taken any more
// out   open            INTEGER  the rest
// out   answered_share  FLOAT    done of handed out
// rows  many                     by kind
// needs tasks
// cost  scan of the tasks
// mode  read
MATCH (task:Task)
WHERE $lang IS NULL OR task.lang = $lang
WITH task.kind AS kind, task.acked IS NOT NULL AS acked, CASE
    WHEN task.done IS NOT NULL THEN 'done'
    WHEN task.skipped THEN 'skipped'
    WHEN task.expires < datetime() THEN 'expired'
  END AS end
WITH kind, count(*) AS handed_out, count(CASE WHEN acked THEN 1 END) AS acknowledged,
  count(CASE end WHEN 'done' THEN 1 END) AS done, count(CASE end WHEN 'skipped' THEN 1 END) AS skipped,
  count(CASE end WHEN 'expired' THEN 1 END) AS expired
RETURN kind, handed_out, acknowledged, done, skipped, expired, handed_out - done - skipped - expired AS open,
  toFloat(done) / handed_out AS answered_share
ORDER BY kind;
