// tasks/unacknowledged: the tasks of a user that wait for their ack, to tell an early answer from a wrong id.
//
// in    client   STRING        id of the API client
// in    method   STRING        how the frontend knows the user
// in    name     STRING        the frontend's name of the user
// in    kinds    LIST<STRING>  kinds of task that the answer could be for
// in    now      ZONED DATETIME
// out   task_id  STRING
// rows  many     newest first; among the user's 20 newest open tasks
// cost  two seeks, at most 20 tasks
// mode  read
MATCH (user:User {client: $client, method: $method, name: $name})
CALL (user) {
  MATCH (task:Task) WHERE task.holder = user.id AND task.created <= $now
  RETURN task ORDER BY task.holder DESC, task.created DESC LIMIT 20
}
WITH task WHERE task.ack IS NULL AND task.kind IN $kinds AND coalesce(task.expires >= $now, true)
RETURN task.id AS task_id;
