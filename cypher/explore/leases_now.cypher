// explore/leases_now: what is in people's hands now: the reservations of each kind and language.
//
// in    lang      STRING          that the tasks were asked for in; null for all
// out   kind      STRING          of the task
// out   lang      STRING
// out   held      INTEGER         reservations that last
// out   lapsed    INTEGER         those that have run out; they go when their place is next handed out
// out   people    INTEGER         different people who hold one that lasts
// out   next_end  ZONED DATETIME  when the first of those that last runs out; null for none
// rows  many                      by kind and language
// needs leases
// cost  scan of the reservations
// mode  read
MATCH (task:Task)-[lease:LEASES]->()
WHERE $lang IS NULL OR task.lang = $lang
WITH task, CASE WHEN lease.until > timestamp() THEN lease.until END AS until
WITH task.kind AS kind, task.lang AS lang, count(until) AS held, count(*) AS reservations, min(until) AS next_end,
  count(DISTINCT CASE WHEN until IS NOT NULL THEN task.holder END) AS people
RETURN kind, lang, held, reservations - held AS lapsed, people,
  CASE WHEN next_end IS NOT NULL THEN datetime({epochMillis: toInteger(next_end)}) END AS next_end
ORDER BY kind, lang;
