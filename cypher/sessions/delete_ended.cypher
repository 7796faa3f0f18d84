// sessions/delete_ended: remove some sessions that are over.
//
// in    now    ZONED DATETIME
// in    limit  INTEGER
// rows  none
// cost  one index seek and the removed sessions
// mode  write
MATCH (session:Session) WHERE session.expires < $now
WITH session LIMIT $limit
DETACH DELETE session;
