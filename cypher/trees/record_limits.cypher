// trees/record_limits: record how far the unfinished trees were updated under changed limits.
//
// in    fingerprint  STRING   of the limits
// in    holder       STRING   the process that holds the claim
// in    after        STRING   id of the last tree; null: all trees are done
// in    until_ms     INTEGER  end of the claim, in epoch milliseconds
// out   recorded     BOOLEAN
// rows  maybe                 none when another process holds the claim
// cost  one seek
// mode  write
MATCH (applied:AppliedLimits {id: 'trees'})
SET applied:AppliedLimits
WITH applied, properties(applied) AS stored
WHERE stored.holder = $holder AND stored.pending = $fingerprint
SET applied.fingerprint = CASE WHEN $after IS NULL THEN $fingerprint ELSE stored.fingerprint END,
  applied.pending = CASE WHEN $after IS NULL THEN null ELSE stored.pending END,
  applied.holder = CASE WHEN $after IS NULL THEN null ELSE stored.holder END,
  applied.until = CASE WHEN $after IS NULL THEN null ELSE $until_ms END,
  applied.after = $after
RETURN true AS recorded;
