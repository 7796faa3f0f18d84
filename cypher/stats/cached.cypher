// stats/cached: the cached statistics.
//
// out   name     STRING
// out   stats    STRING          JSON
// out   updated  ZONED DATETIME
// rows  many
// cost  five index entries
// mode  read
MATCH (kept:CachedStats) WHERE kept.name >= ''
RETURN kept.name AS name, kept.stats AS stats, kept.updated AS updated ORDER BY name;
