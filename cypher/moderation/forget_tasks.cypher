// moderation/forget_tasks: delete the tasks of a user that have no stored answer.
//
// in    user_id  STRING
// rows  none
// cost  a walk through all tasks that the user ever took
// mode  write
MATCH (:User {id: $user_id})-[:TOOK]->(task:Task)
WHERE NOT EXISTS { (task)-[:GAVE]->() }
SET task:Task
DETACH DELETE task;
