// tasks/pending_since: when the task was handed out whose leaving the period lets a user have one more.
//
// in    user_id      STRING
// in    span_start   ZONED DATETIME  start of the period in which open tasks count
// in    max_pending  INTEGER         open tasks that a user may have, at least 1
// out   created      ZONED DATETIME
// rows  maybe                        none when the user has fewer open tasks
// cost  an index range up to the limit of open tasks
// mode  read
MATCH (task:Task) WHERE task.holder = $user_id AND task.created >= $span_start
RETURN task.created AS created ORDER BY task.holder DESC, task.created DESC SKIP $max_pending - 1 LIMIT 1;
