// explore/life_of_a_task: the events of one task, in order.
//
// in    task    STRING          required; id
// out   at      ZONED DATETIME
// out   event   STRING          handed out, acknowledged, skipped, gave, done, reservation ends, expires
// out   person  STRING          user id of the acting user; null for ends
// out   detail  STRING          the kind of the task, the ack id, the reason of a skip, or the id of the answer
// out   post    STRING          id of the post that it is about; null for prompts
// rows  many                    in order; none for an unknown task
// needs tasks
// cost  one seek, a few expands
// mode  read
MATCH (task:Task {id: $task})
OPTIONAL MATCH (holder:User)-[:TOOK]->(task)
OPTIONAL MATCH (task)-[:FOR]->(subject:Post)
WITH task, holder.id AS holder, subject.id AS post
CALL (task, holder) {
  RETURN task.created AS at, 0 AS step, 'handed out' AS event, holder AS person, task.kind AS detail
  UNION ALL
  RETURN task.acked AS at, 1 AS step, 'acknowledged' AS event, holder AS person, task.ack AS detail
  UNION ALL
  RETURN task.refused AS at, 2 AS step, 'skipped' AS event, holder AS person, task.skip_reason AS detail
  UNION ALL
  MATCH (task)-[:GAVE]->(given)
  RETURN given.created AS at, 3 AS step, 'gave' AS event, coalesce(given.maker, given.author) AS person,
    given.id AS detail
  UNION ALL
  RETURN task.done AS at, 4 AS step, 'done' AS event, holder AS person, null AS detail
  UNION ALL
  MATCH (task)-[lease:LEASES|LEASES_VOTE]->()
  RETURN datetime({epochMillis: lease.until}) AS at, 5 AS step, 'reservation ends' AS event, null AS person,
    null AS detail
  UNION ALL
  WITH * WHERE task.done IS NULL AND NOT coalesce(task.skipped, false)
  RETURN task.expires AS at, 6 AS step, 'expires' AS event, null AS person, null AS detail
}
WITH at, step, event, person, detail, post WHERE at IS NOT NULL
RETURN at, event, person, detail, post
ORDER BY at, step, detail;
