// explore/skippers: the people who skip tasks.
//
// in    lang     STRING   that the tasks were asked for in; null for all
// in    kind     STRING   of the tasks; null for all
// out   person   STRING   user id
// out   name     STRING   to show
// out   taken    INTEGER  tasks that were handed out to this person
// out   skipped  INTEGER  of them, at least 1
// out   done     INTEGER  of them
// out   share    FLOAT    skipped of taken
// rows  many              the most skips first
// needs tasks
// cost  scan of the tasks, and of who took them; sorts those who skip
// mode  read
MATCH (user:User)-[:TOOK]->(task:Task)
WHERE task.model_name IS NULL AND ($lang IS NULL OR task.lang = $lang) AND ($kind IS NULL OR task.kind = $kind)
WITH user, count(*) AS taken, count(CASE WHEN task.skipped THEN 1 END) AS skipped, count(task.done) AS done
WHERE skipped > 0
RETURN user.id AS person, user.display_name AS name, taken, skipped, done, toFloat(skipped) / taken AS share
ORDER BY skipped DESC, share DESC, person;
