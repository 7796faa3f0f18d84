// tasks/count_request: count a request for a task that names no user; the leases count the others.
//
// in    quotas         LIST<MAP>  as of tasks/lease_uniform
// in    now_ms         INTEGER    now, in epoch milliseconds
// out   limited_until  INTEGER    as of tasks/lease_uniform
// rows  one
// cost  one seek for each quota
// mode  write
<<tasks/quotas>>
RETURN limited_until;
