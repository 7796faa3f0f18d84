// sessions/of_user: the live sessions of a user, the last used first.
//
// in    user_id  STRING
// in    now      ZONED DATETIME
// out   session  MAP
// rows  many
// cost  one seek, one row a session
// mode  read
MATCH (:User {id: $user_id})-[:SIGNED_IN]->(session:Session)
WHERE session.expires > $now AND session.idle_until > $now
RETURN session {.*, token_hash: null} AS session ORDER BY session.seen DESC, session.id;
