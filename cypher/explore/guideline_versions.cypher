// explore/guideline_versions: how tasks went under each version of a guideline, to compare them.
//
// Only tasks that showed a guideline. Versions follow each other in time, so what else changed between them counts too.
//
// in    lang            STRING   that the task was asked for in; null for all
// out   kind            STRING   of the tasks
// out   guideline_lang  STRING   of the guideline
// out   version         INTEGER
// out   handed_out      INTEGER  tasks that showed this version
// out   answered        INTEGER  of those, tasks that were answered
// out   skipped         INTEGER
// out   median_seconds  FLOAT    from handing out to the answer; null where nothing is answered
// out   posts           INTEGER  texts that the tasks gave, decided by reviews
// out   accepted_share  FLOAT    of those texts, those that were accepted; null where there are none
// rows  many                     by kind, language and version
// needs tasks, guidelines
// cost  scan of the tasks
// mode  read
MATCH (task:Task)
WHERE task.guideline IS NOT NULL AND ($lang IS NULL OR task.lang = $lang)
MATCH (guideline:Guideline {id: task.guideline})
WITH guideline, task, COUNT { (task)-[:GAVE]->(post:Post) WHERE post.accepted IS NOT NULL } AS decided,
  COUNT { (task)-[:GAVE]->(post:Post) WHERE post.accepted } AS accepted
WITH guideline.kind AS kind, guideline.lang AS guideline_lang, guideline.version AS version, count(*) AS handed_out,
  count(task.done) AS answered, count(CASE WHEN task.skipped THEN 1 END) AS skipped,
  percentileCont((task.done.epochMillis - task.created.epochMillis) / 1000.0, 0.5) AS median_seconds,
  sum(decided) AS posts, sum(accepted) AS accepted
RETURN kind, guideline_lang, version, handed_out, answered, skipped, median_seconds, posts,
  CASE WHEN posts > 0 THEN toFloat(accepted) / posts END AS accepted_share
ORDER BY kind, guideline_lang, version;
