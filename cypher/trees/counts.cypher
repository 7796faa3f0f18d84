// trees/counts: the number of trees of each language in each state, and the prompts being written, for the metrics.
//
// in    now_ms  INTEGER  epoch milliseconds
// in    limit   INTEGER  languages looked at
// out   lang    STRING
// out   states  MAP      INTEGER by state; states that no tree has been in are missing
// out   leased  INTEGER  initial prompts that are being written now
// rows  many             one a language
// cost  a range of an index with one entry a language, up to the limit
// mode  read
MATCH (language:Language) WHERE language.tag > ''
WITH language LIMIT $limit
RETURN language.tag AS lang, properties(language) AS states,
  COUNT { (language)<-[lease:LEASES]-(:Task) WHERE lease.until > $now_ms } AS leased;
