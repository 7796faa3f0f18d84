// tasks/occupancy: what some pools hold, whoever asks; to tell a user who gets no task why, and when to ask again.
//
// in    pools         LIST<STRING>
// in    lang          STRING
// in    now_ms        INTEGER    epoch milliseconds
// out   pools         LIST<MAP>  each: pool, free (places that take one more person, up to 2), next_lapse (end of the first reservation of those that do not, in epoch milliseconds, or null)
// out   growing       INTEGER    trees of the language in that state
// out   reviewing     INTEGER    trees of the language under prompt review
// out   waiting       INTEGER    trees of the language in the lottery
// out   ranking       INTEGER    trees of the language in that state
// out   prompt_lapse  INTEGER    end of the first reservation for a prompt, in epoch milliseconds; null: nobody is writing one
// rows  one
// cost  two seeks for each pool, and the prompts of one language that somebody is writing
// mode  read
OPTIONAL MATCH (language:Language {tag: $lang})
CALL (language) {
  UNWIND $pools AS pool
  CALL (pool) {
    MATCH (place:Post) WHERE place.pool = pool AND place.key < $now_ms
    WITH place LIMIT 2
    RETURN count(place) AS free
  }
  CALL (pool) {
    OPTIONAL MATCH (place:Post) WHERE place.pool = pool AND place.key >= $now_ms
    RETURN place.key AS next_lapse ORDER BY place.pool, place.key LIMIT 1
  }
  RETURN collect({pool: pool, free: free, next_lapse: toInteger(next_lapse)}) AS pools
}
CALL (language) {
  OPTIONAL MATCH (language)<-[lease:LEASES]-(:Task) WHERE lease.until > $now_ms
  RETURN min(lease.until) AS prompt_lapse
}
RETURN pools, coalesce(language.growing, 0) AS growing, coalesce(language.initial_prompt_review, 0) AS reviewing,
  coalesce(language.prompt_lottery_waiting, 0) AS waiting, coalesce(language.ranking, 0) AS ranking, prompt_lapse;
