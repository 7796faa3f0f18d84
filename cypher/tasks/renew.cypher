// tasks/renew: renew the lease of a task while its user is at work, before or after the ack.
//
// A lapsed lease is renewed while the place is free. When another user holds the place, the lease is not renewed and `held`
// is false; the answer is still accepted.
//
// in    client    STRING          id of the API client
// in    task_id   STRING
// in    user_id   STRING          the acting user; null when the request names none
// in    now       ZONED DATETIME
// in    now_ms    INTEGER         the same in epoch milliseconds
// in    until_ms  INTEGER         new end of the lease in epoch milliseconds
// in    lease_max_ms       INTEGER  milliseconds after the task was handed out in which its lease is renewed; null: without bound
// in    min_human_replies  INTEGER  replies to each post that only people may write
// out   outcome   STRING          renewed (or nothing to renew), no_task, not_yours, expired
// out   kind      STRING          of the task
// out   expired   ZONED DATETIME  end of the task's validity
// out   held      BOOLEAN         whether the place is leased until `until`; null for a task without a place
// out   until     INTEGER         end of the lease in epoch milliseconds; null unless held
// out   last_ms   INTEGER         in epoch milliseconds, when the lease can be renewed no more; null: without bound
// rows  one
// cost  one seek and the leases of one place
// mode  write
<<tasks/leased>>
WITH task, place, of_place, done, holder, task.created.epochMillis + $lease_max_ms AS last_ms,
  CASE
    WHEN task IS NULL THEN 'no_task'
    WHEN $user_id IS NOT NULL AND NOT task.collective AND NOT EXISTS { (task)<-[:TOOK]-(:User {id: $user_id}) }
      THEN 'not_yours'
    WHEN task.expires < $now THEN 'expired'
    ELSE 'renewed'
  END AS outcome
CALL (task, place, of_place, holder, last_ms, outcome) {
  WITH * WHERE outcome = 'renewed' AND NOT task.collective AND holder IS NOT NULL AND place IS NOT NULL
  <<tasks/renewed>>
}
RETURN outcome, task.kind AS kind, task.expires AS expired, until, last_ms,
  CASE WHEN outcome = 'renewed' AND place IS NOT NULL AND done IS NULL AND NOT task.collective THEN held END AS held;
