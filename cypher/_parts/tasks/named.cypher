// tasks/named: the task of a client by its id, or by one of the message ids that it was acknowledged with.
OPTIONAL CALL () {
  MATCH (task:Task {id: $task_id, client: $client})
  RETURN task
  UNION
  MATCH (task:Task {client: $client, ack: $ack}) WHERE $task_id IS NULL
  RETURN task
  UNION
  MATCH (:TaskMessage {client: $client, message_id: $ack})-[:NAMES]->(task:Task) WHERE $task_id IS NULL
  RETURN task
}
