// sessions/redeem: use an invite once: find or create its user, and begin a session.
//
// The same session id again changes nothing, so that the statement can be sent again after a lost connection.
//
// in    invite_hash   STRING          sha256 of the token of the invite, hex
// in    client        STRING          id of the API client of the pages
// in    method        STRING          how the pages know their users
// in    name          STRING          of the user, where the invite names none
// in    display_name  STRING          null: that of the user stays
// in    user_id       STRING          used when the user is new
// in    session_id    STRING
// in    token_hash    STRING          sha256 of the token of the session, hex
// in    agent         STRING          the browser, in its own words
// in    now           ZONED DATETIME
// in    idle_until    ZONED DATETIME
// in    expires       ZONED DATETIME
// out   session       MAP
// out   user          MAP
// rows  maybe                         none when the invite is unknown, has ended or is used up
// cost  three seeks
// mode  write
MATCH (invite:Invite {token_hash: $invite_hash})
SET invite:Invite
WITH invite, properties(invite) AS stored, EXISTS { (:Session {id: $session_id}) } AS is_repeated
WHERE is_repeated OR stored.expires > $now AND coalesce(stored.uses_left, 1) > 0
SET invite.uses_left = CASE WHEN is_repeated THEN stored.uses_left ELSE stored.uses_left - 1 END
WITH stored, coalesce(stored.user_name, $name) AS user_name
MERGE (user:User {client: $client, method: $method, name: user_name})
  ON CREATE SET user.id = $user_id, user.display_name = user_name,
    <<users/new>>
SET user.display_name = coalesce($display_name, user.display_name),
  user.terms_accepted = coalesce(user.terms_accepted, $now)
MERGE (session:Session {id: $session_id})
  ON CREATE SET session.token_hash = $token_hash, session.role = stored.role, session.agent = $agent,
    session.created = $now, session.seen = $now, session.idle_until = $idle_until, session.expires = $expires
MERGE (user)-[:SIGNED_IN]->(session)
RETURN session {.*, token_hash: null} AS session, user {.*} AS user;
