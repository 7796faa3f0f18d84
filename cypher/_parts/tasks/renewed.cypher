// tasks/renewed: renews the lease of a place, or takes the place again if the lease has lapsed and the place is free.
// Behind `tasks/leased`. A renewal does not shorten a lease, and goes up to `last_ms`, after which nothing is taken again; null:
// without bound.
OPTIONAL MATCH (place)<-[lease:LEASES|LEASES_VOTE]-(other) WHERE type(lease) = of_place[3]
WITH task, place, of_place, holder, last_ms, place[of_place[0]] AS pool, place[of_place[1]] AS wants,
  place[of_place[2]] AS key, collect({edge: lease, task: other, until: lease.until}) AS leases
WITH task, place, of_place, holder, pool, wants, key, CASE WHEN last_ms < $until_ms THEN last_ms ELSE $until_ms END AS end_ms,
  head([each IN leases WHERE each.task = task]) AS own,
  [each IN leases WHERE each.task <> task AND each.until > $now_ms] AS others
WITH task, place, of_place, holder, pool, wants, key, own.edge AS own, coalesce(own.until > $now_ms, false) AS is_live, others,
  CASE WHEN own.until > end_ms THEN own.until ELSE end_ms END AS until,
  end_ms > $now_ms AND coalesce(pool STARTS WITH task.kind + ' ' AND size(others) < wants, false) AND CASE
    WHEN task.model_name IS NULL OR own.until > $now_ms THEN true
    ELSE
      <<tasks/left_to_people post=place wants=wants>>
  END AS is_free
// The next lease of the place deletes the lapsed ones; then this lease is created again, by the rules of tasks/reserve.
CALL (task, place, of_place, holder, own, others, until, is_free) {
  WITH * WHERE own IS NULL AND is_free AND NOT holder IN [each IN others | (each.task).holder]
  MATCH (task)<-[:TOOK]-(user:User)
  SET user:User
  WITH task, place, of_place, until, properties(user) AS person, holder + ' ' + place.id AS answer
  WHERE person.enabled AND NOT person.deleted AND CASE task.kind
    WHEN 'decide_end' THEN NOT EXISTS { (:EndVote {key: answer}) }
    ELSE NOT EXISTS { (:Review {key: answer}) } AND NOT EXISTS { (:Ranking {key: answer}) }
      AND NOT EXISTS { (:Post {reply_key: answer}) }
  END
  CREATE (task)-[:$(of_place[3]) {until: until}]->(place)
  RETURN count(*) AS made
}
WITH place, of_place, pool, wants, key, own, others, until
WHERE is_live OR made = 1 OR is_free AND own IS NOT NULL
SET own.until = until
SET place[of_place[2]] = CASE
  WHEN pool IS NULL THEN null
  WHEN size(others) + 1 >= wants
    THEN reduce(first = until, each IN others | CASE WHEN each.until < first THEN each.until ELSE first END)
  WHEN key < 1 THEN key
  ELSE rand()
END
RETURN count(*) = 1 AS held, max(until) AS until
