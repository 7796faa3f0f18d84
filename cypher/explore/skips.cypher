// explore/skips: tasks that people skip, with their reasons.
//
// The language is that of the task. Reasons are texts that people typed, or that a frontend sent for them.
//
// in    lang        STRING   null for all
// out   kind        STRING   of the tasks
// out   lang        STRING   null where tasks name none
// out   reason      STRING   null where none was given
// out   skipped     INTEGER  tasks that were skipped for this reason
// out   posts       INTEGER  different posts that they were about
// out   handed_out  INTEGER  all tasks of people of this kind and language, skipped or not
// rows  many                 the most skipped first
// needs tasks
// cost  scan of the tasks; sorts the reasons
// mode  read
MATCH (task:Task)
WHERE task.model_name IS NULL AND ($lang IS NULL OR task.lang = $lang)
WITH task.kind AS kind, task.lang AS lang, count(*) AS handed_out,
  collect(CASE WHEN task.skipped THEN task END) AS skipped
UNWIND skipped AS task
WITH kind, lang, handed_out, task.skip_reason AS reason, head([(task)-[:FOR]->(post:Post) | post.id]) AS post
RETURN kind, lang, reason, count(*) AS skipped, count(DISTINCT post) AS posts, handed_out
ORDER BY skipped DESC, kind, lang, reason;
