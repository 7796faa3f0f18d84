// sessions/by_token: the live session that a token belongs to, and its user.
//
// in    token_hash  STRING          sha256 of the token, hex
// in    now         ZONED DATETIME
// out   session     MAP
// out   user        MAP
// rows  maybe                       none when it has ended, or its user is disabled or deleted
// cost  one seek
// mode  read
MATCH (session:Session {token_hash: $token_hash})<-[:SIGNED_IN]-(user:User)
WHERE session.expires > $now AND session.idle_until > $now AND user.enabled AND NOT user.deleted
RETURN session {.*, token_hash: null} AS session, user {.*} AS user;
