// tasks/reserved: the number of fully leased places of some pools, for the metrics.
//
// A place that takes one more user is not counted, even if others hold a lease of it: that would take a look at every open
// place.
//
// in    pools   LIST<STRING>
// in    now_ms  INTEGER  epoch milliseconds
// in    limit   INTEGER  places counted in each pool
// out   pool    STRING
// out   places  INTEGER
// rows  many             none for a pool without such a place
// cost  a seek for each pool, an index entry for each reserved place, up to the limit
// mode  read
UNWIND $pools AS pool
CALL (pool) {
  CALL (pool) {
    MATCH (place:Post) WHERE place.pool = pool AND place.key >= $now_ms
    RETURN place LIMIT $limit
  }
  RETURN count(place) AS places
}
WITH pool, places WHERE places > 0
RETURN pool, places;
