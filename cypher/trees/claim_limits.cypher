// trees/claim_limits: claim, for one process, the update of unfinished trees under changed limits.
//
// A process that takes over under the same limits continues after the last tree of the process before.
//
// in    fingerprint  STRING   of the new limits
// in    holder       STRING   the process
// in    now_ms       INTEGER  epoch milliseconds
// in    until_ms     INTEGER  end of the claim, in epoch milliseconds
// out   outcome      STRING   applied (there is nothing to do), held (by another process), claimed
// out   after        STRING   id of the last tree that was looked at; empty for none
// rows  one
// cost  one seek
// mode  write
MERGE (applied:AppliedLimits {id: 'trees'})
SET applied:AppliedLimits
WITH applied, properties(applied) AS stored
WITH applied, CASE
    WHEN stored.fingerprint = $fingerprint AND stored.pending IS NULL THEN 'applied'
    WHEN stored.until > $now_ms AND stored.holder <> $holder THEN 'held'
    ELSE 'claimed'
  END AS outcome,
  CASE WHEN stored.pending = $fingerprint THEN stored.after ELSE '' END AS after
FOREACH (_ IN CASE outcome WHEN 'claimed' THEN [1] ELSE [] END |
  SET applied.pending = $fingerprint, applied.after = after, applied.holder = $holder, applied.until = $until_ms)
RETURN outcome, after;
