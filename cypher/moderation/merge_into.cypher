// moderation/merge_into: move the tasks and reports of one user to another, and delete the first user.
//
// The other user gets the later last activity of both, and has accepted the terms if either has.
//
// in    source       STRING
// in    destination  STRING
// in    now_ms       INTEGER  epoch milliseconds
// rows  none
// cost  a walk through all tasks and reports of the source
// mode  write
MATCH (destination:User {id: $destination})
CALL (destination) {
  MATCH (source:User {id: $source})
  RETURN source
}
CALL (source, destination) {
  MATCH (source)-[took:TOOK]->(task:Task)
  SET task:Task
  SET task.holder = CASE WHEN task.holder = source.id THEN destination.id ELSE task.holder END
  CREATE (destination)-[:TOOK]->(task)
  DELETE took
}
CALL (source, destination) {
  MATCH (source)-[made:MADE]->(report:Report)
  CREATE (destination)-[:MADE]->(report)
  DELETE made
}
SET destination.terms_accepted = coalesce(destination.terms_accepted, source.terms_accepted),
  destination.last_activity = CASE
    WHEN coalesce(source.last_activity > destination.last_activity, destination.last_activity IS NULL)
      THEN source.last_activity
    ELSE destination.last_activity
  END
CREATE (:Credit {user: destination.id, at: $now_ms})
DETACH DELETE source;
