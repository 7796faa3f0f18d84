// trees/open_rankings: the number of parents that want rankings now, counted up to a limit.
//
// in    pools  LIST<STRING>
// in    limit  INTEGER
// out   found  INTEGER
// rows  one
// cost  an index seek for each pool, `limit` entries of it
// mode  read
UNWIND $pools AS pool
CALL (pool) {
  MATCH (parent:Post) WHERE parent.pool = pool AND parent.key >= 0
  RETURN parent LIMIT $limit
}
RETURN count(parent) AS found;
