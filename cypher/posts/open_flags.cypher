// posts/open_flags: flagged posts that no moderator has looked at since, the last flagged first.
//
// in    limit      INTEGER
// out   post       STRING
// out   processed  BOOLEAN         always false
// out   created    ZONED DATETIME  when it was last flagged
// rows  many
// cost  the index over flags, from the newest on, until there are enough
// mode  read
MATCH (flag:Flag) WHERE flag.created IS NOT NULL AND flag.post IS NOT NULL AND NOT flag.processed
RETURN flag.post AS post, flag.processed AS processed, flag.created AS created
ORDER BY flag.created DESC, flag.post DESC LIMIT $limit;
