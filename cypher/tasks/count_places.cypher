// tasks/count_places: the number of open places of pools, lapsed leases included; estimated for pools of more than 32.
//
// in    pools   LIST<STRING>
// in    now_ms  INTEGER       in epoch milliseconds
// out   pool    STRING
// out   places  FLOAT
// rows  many                  one for each pool
// cost  an index range of at most 33 for each pool
// mode  read
UNWIND $pools AS pool
CALL (pool) {
  MATCH (place:Post) WHERE place.pool = pool AND place.key < $now_ms
  WITH place ORDER BY place.pool, place.key LIMIT 33
  RETURN collect(place) AS low
}
RETURN pool,
  toFloat(<<tasks/estimate key=key>>) AS places;
