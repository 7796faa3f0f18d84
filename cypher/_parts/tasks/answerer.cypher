// tasks/answerer: refuses an answer of a user who does not hold the task, or who is disabled.
WHEN NOT task.collective AND NOT EXISTS { (user)-[:TOOK]->(task) } THEN 'not_yours'
WHEN user.deleted OR NOT user.enabled THEN 'disabled'
