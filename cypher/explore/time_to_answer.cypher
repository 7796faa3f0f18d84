// explore/time_to_answer: the time that people take from getting a task to answering it.
//
// in    lang             STRING   that the task was asked for in; null for all
// out   kind             STRING   of the tasks
// out   answered         INTEGER
// out   p10_minutes      FLOAT    within which a tenth of them was answered
// out   median_minutes   FLOAT
// out   p90_minutes      FLOAT
// out   longest_minutes  FLOAT
// rows  many                      by kind
// needs tasks
// cost  scan of the tasks
// mode  read
MATCH (task:Task)
WHERE task.done IS NOT NULL AND task.model_name IS NULL AND ($lang IS NULL OR task.lang = $lang)
WITH task.kind AS kind, (task.done.epochMillis - task.created.epochMillis) / 60000.0 AS minutes
RETURN kind, count(*) AS answered, percentileCont(minutes, 0.1) AS p10_minutes,
  percentileCont(minutes, 0.5) AS median_minutes, percentileCont(minutes, 0.9) AS p90_minutes,
  max(minutes) AS longest_minutes
ORDER BY kind;
