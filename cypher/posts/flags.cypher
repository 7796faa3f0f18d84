// posts/flags: flagged posts, by the time of the last flag.
//
// in    low        ZONED DATETIME  from this time on
// in    low_id     STRING          of that time only greater post ids
// in    high       ZONED DATETIME  up to this time
// in    high_id    STRING          of that time only smaller post ids
// in    desc       BOOLEAN         the newest first
// in    limit      INTEGER
// out   post       STRING
// out   processed  BOOLEAN         whether a moderator has looked at it since
// out   created    ZONED DATETIME
// rows  many
// cost  an index range, `limit` entries of it
// mode  read
CALL () {
  WITH 1 AS one WHERE NOT $desc
  MATCH (flag:Flag) WHERE flag.created >= $low AND flag.created <= $high AND flag.post IS NOT NULL
    AND NOT (flag.created = $low AND flag.post <= $low_id) AND NOT (flag.created = $high AND flag.post >= $high_id)
  RETURN flag ORDER BY flag.created, flag.post LIMIT $limit
  UNION ALL
  WITH 1 AS one WHERE $desc
  MATCH (flag:Flag) WHERE flag.created >= $low AND flag.created <= $high AND flag.post IS NOT NULL
    AND NOT (flag.created = $low AND flag.post <= $low_id) AND NOT (flag.created = $high AND flag.post >= $high_id)
  RETURN flag ORDER BY flag.created DESC, flag.post DESC LIMIT $limit
}
RETURN flag.post AS post, flag.processed AS processed, flag.created AS created;
