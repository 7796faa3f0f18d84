// sessions/touch: note that a session is in use.
//
// in    id          STRING
// in    now         ZONED DATETIME
// in    idle_until  ZONED DATETIME  when it ends unless it is used again
// rows  none
// cost  one seek
// mode  write
MATCH (session:Session {id: $id})
SET session.seen = $now, session.idle_until = $idle_until;
