// stats/cache: store cached statistics.
//
// in    stats  MAP             JSON by name
// in    now    ZONED DATETIME
// rows  none
// cost  a seek for each name
// mode  write
UNWIND keys($stats) AS name
WITH name ORDER BY name
MERGE (kept:CachedStats {name: name})
SET kept.stats = $stats[name], kept.updated = $now;
