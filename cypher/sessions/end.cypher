// sessions/end: end a session.
//
// in    id       STRING
// in    user_id  STRING  the user whose session it has to be; null: anybody's
// out   id       STRING
// rows  maybe            none when there is no such session, or it is another user's
// cost  one seek
// mode  write
MATCH (session:Session {id: $id})
WHERE $user_id IS NULL OR EXISTS { (session)<-[:SIGNED_IN]-(:User {id: $user_id}) }
WITH session, session.id AS id
DETACH DELETE session
RETURN id;
