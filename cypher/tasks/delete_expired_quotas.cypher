// tasks/delete_expired_quotas: delete request counts whose window is over.
//
// in    before_ms  INTEGER  windows that ended before, in epoch milliseconds
// in    limit      INTEGER
// out   forgotten  INTEGER
// rows  one
// cost  an index range, up to the limit
// mode  write
MATCH (quota:Quota) WHERE quota.until < $before_ms
WITH quota LIMIT $limit
DELETE quota
RETURN count(*) AS forgotten;
