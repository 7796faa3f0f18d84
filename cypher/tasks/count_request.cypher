// tasks/count_request: counts a request for a task that names no user; the others are counted by tasks/lease.
//
// in    quotas         LIST<MAP>  as of tasks/lease
// in    now_ms         INTEGER    now, in epoch milliseconds
// out   limited_until  INTEGER    as of tasks/lease
// rows  one
// cost  one seek for each quota
// mode  write
UNWIND $quotas AS given
MERGE (quota:Quota {id: given.id})
SET quota:Quota
WITH given, quota, properties(quota) AS stored
WITH given, quota, stored.until AS until, CASE WHEN stored.until > $now_ms THEN stored.count END AS count
WITH collect({
  quota: quota, full: coalesce(count >= given.limit, false), count: coalesce(count, 0) + 1,
  until: CASE WHEN count IS NULL THEN given.until_ms ELSE until END
}) AS counted
WITH counted, reduce(latest = null, each IN counted | CASE
  WHEN each.full AND (latest IS NULL OR each.until > latest) THEN each.until ELSE latest END) AS limited_until
FOREACH (each IN CASE WHEN limited_until IS NULL THEN counted ELSE [] END |
  SET (each.quota).count = each.count, (each.quota).until = each.until)
RETURN limited_until;
