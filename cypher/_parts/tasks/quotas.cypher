// tasks/quotas: counts a request against its quotas, unless one of them is full.
// A window begins with the first request after the last window. A request that finds a quota full counts nowhere. Quotas are
// locked in the order given. A quota that a crash left incomplete begins a new window.
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
