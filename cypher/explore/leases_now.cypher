// explore/leases_now: current leases, by task kind and language.
//
// in    lang      STRING          that the tasks were asked for in; null for all
// out   kind      STRING          of the task
// out   lang      STRING
// out   held      INTEGER         leases that have not ended
// out   lapsed    INTEGER         ended leases; they are deleted when their place is next handed out
// out   people    INTEGER         different people who hold one that has not ended
// out   next_end  ZONED DATETIME  when the first of these ends; null for none
// rows  many                      by kind and language
// needs leases
// cost  scan of the leases
// mode  read
MATCH (task:Task)-[lease:LEASES|LEASES_VOTE]->()
WHERE $lang IS NULL OR task.lang = $lang
WITH task, CASE WHEN lease.until > timestamp() THEN lease.until END AS until
WITH task.kind AS kind, task.lang AS lang, count(until) AS held, count(*) AS reservations, min(until) AS next_end,
  count(DISTINCT CASE WHEN until IS NOT NULL THEN task.holder END) AS people
RETURN kind, lang, held, reservations - held AS lapsed, people,
  CASE WHEN next_end IS NOT NULL THEN datetime({epochMillis: toInteger(next_end)}) END AS next_end
ORDER BY kind, lang;
