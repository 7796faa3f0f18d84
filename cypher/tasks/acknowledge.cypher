// tasks/acknowledge: binds a task to the frontend's message id and renews its reservation, also when sent again.
//
// A reservation that lapsed is renewed while the place is free. When another person was given the place, it is not, and
// `held` is false; the answer is taken all the same.
//
// in    client    STRING          id of the API client
// in    task_id   STRING
// in    ack       STRING          the frontend's id; unique for each API client
// in    user_id   STRING          the acting user; null when the request names none
// in    now       ZONED DATETIME
// in    now_ms    INTEGER         the same in epoch milliseconds
// in    until_ms  INTEGER         new end of the reservation in epoch milliseconds
// out   outcome   STRING          acknowledged, no_task, not_yours, expired, done, other_ack
// out   kind      STRING          of the task
// out   expired   ZONED DATETIME  end of the task's validity
// out   held      BOOLEAN         whether the place is reserved until until_ms; null for a task that needs none
// rows  one
// cost  one seek and the reservations of one place
// mode  write
OPTIONAL MATCH (task:Task {id: $task_id, client: $client})
OPTIONAL MATCH (task)-[:FOR]->(place:Post)
SET place:Post
SET task:Task
// Names that the planner does not know read what the lock protects, and cost less than all properties.
WITH task, place, ['ack', 'done', 'holder'] AS of_task, ['pool', 'wants', 'key'] AS of_place
WITH task, place, of_place, task[of_task[0]] AS ack, task[of_task[1]] AS done, task[of_task[2]] AS holder
WITH task, place, of_place, ack, done, holder,
  CASE
    WHEN task IS NULL THEN 'no_task'
    WHEN $user_id IS NOT NULL AND NOT task.collective AND NOT EXISTS { (task)<-[:TOOK]-(:User {id: $user_id}) }
      THEN 'not_yours'
    WHEN task.expires < $now THEN 'expired'
    WHEN ack = $ack THEN 'acknowledged'
    WHEN done IS NOT NULL THEN 'done'
    WHEN ack IS NOT NULL THEN 'other_ack'
    ELSE 'acknowledged'
  END AS outcome
FOREACH (_ IN CASE WHEN outcome = 'acknowledged' AND ack IS NULL THEN [1] ELSE [] END |
  SET task.ack = $ack, task.acked = $now)
WITH task, place, of_place, done, holder, outcome
CALL (task, place, of_place, holder, outcome) {
  WITH * WHERE outcome = 'acknowledged' AND holder IS NOT NULL AND place IS NOT NULL
  OPTIONAL MATCH (place)<-[lease:LEASES]-(other)
  WITH task, place, holder, place[of_place[0]] AS pool, place[of_place[1]] AS wants, place[of_place[2]] AS key,
    collect({edge: lease, task: other, until: lease.until}) AS leases
  WITH task, place, holder, pool, wants, key, head([each IN leases WHERE each.task = task]) AS own,
    [each IN leases WHERE each.task <> task AND each.until > $now_ms] AS others
  WITH task, place, holder, pool, wants, key, own.edge AS own, coalesce(own.until > $now_ms, false) AS is_live, others,
    coalesce(pool STARTS WITH task.kind + ' ' AND size(others) < wants, false) AS is_free
  // Whoever is given the place next deletes what has lapsed; then it is reserved anew, by the rules of tasks/lease.
  CALL (task, place, holder, own, others, is_free) {
    WITH * WHERE own IS NULL AND is_free AND NOT holder IN [each IN others | (each.task).holder]
    MATCH (task)<-[:TOOK]-(user:User)
    SET user:User
    WITH task, place, properties(user) AS person, holder + ' ' + place.id AS answer
    WHERE person.enabled AND NOT person.deleted AND NOT EXISTS { (:Review {key: answer}) }
      AND NOT EXISTS { (:Ranking {key: answer}) } AND NOT EXISTS { (:Post {reply_key: answer}) }
    CREATE (task)-[:LEASES {until: $until_ms}]->(place)
    RETURN count(*) AS made
  }
  WITH place, pool, wants, key, own, others
  WHERE is_live OR made = 1 OR is_free AND own IS NOT NULL
  SET own.until = $until_ms
  SET place.key = CASE
    WHEN pool IS NULL THEN null
    WHEN size(others) + 1 >= wants
      THEN reduce(first = $until_ms, each IN others | CASE WHEN each.until < first THEN each.until ELSE first END)
    WHEN key < 1 THEN key
    ELSE rand()
  END
  RETURN count(*) = 1 AS held
}
RETURN outcome, task.kind AS kind, task.expires AS expired,
  CASE WHEN outcome = 'acknowledged' AND place IS NOT NULL AND done IS NULL AND NOT task.collective
    THEN held END AS held;
