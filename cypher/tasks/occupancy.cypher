// tasks/occupancy: the free and leased places of some pools, to explain why a user gets no task and when to ask again.
//
// in    pools         LIST<STRING>
// in    lang          STRING
// in    now_ms        INTEGER    epoch milliseconds
// out   pools         LIST<MAP>  each: pool, free (places that take one more user, up to 2), next_lapse (end of the first lease of the other places, in epoch milliseconds, or null)
// out   growing       INTEGER    trees of the language in that state
// out   reviewing     INTEGER    trees of the language under prompt review
// out   waiting       INTEGER    trees of the language in the lottery
// out   ranking       INTEGER    trees of the language in that state
// out   prompt_lapse  INTEGER    end of the first lease for a prompt, in epoch milliseconds; null: no prompt is being written
// rows  one
// cost  four seeks for each pool, and the leases of one language
// mode  read
OPTIONAL MATCH (language:Language {tag: $lang})
CALL (language) {
  UNWIND $pools AS pool
  CALL (pool) {
    CALL (pool) {
      MATCH (place:Post) WHERE place.pool = pool AND place.key < $now_ms
      RETURN place LIMIT 2
      UNION ALL
      MATCH (place:Post) WHERE place.vote_pool = pool AND place.vote_key < $now_ms
      RETURN place LIMIT 2
    }
    RETURN count(place) AS free
  }
  CALL (pool) {
    CALL (pool) {
      MATCH (place:Post) WHERE place.pool = pool AND place.key >= $now_ms
      RETURN place.key AS lapse ORDER BY place.pool, place.key LIMIT 1
      UNION ALL
      MATCH (place:Post) WHERE place.vote_pool = pool AND place.vote_key >= $now_ms
      RETURN place.vote_key AS lapse ORDER BY place.vote_pool, place.vote_key LIMIT 1
    }
    RETURN min(lapse) AS next_lapse
  }
  RETURN collect({pool: pool, free: free, next_lapse: toInteger(next_lapse)}) AS pools
}
CALL (language) {
  OPTIONAL MATCH (language)<-[lease:LEASES]-(:Task) WHERE lease.until > $now_ms
  RETURN min(lease.until) AS prompt_lapse
}
RETURN pools, prompt_lapse, coalesce(language.ranking, 0) AS ranking,
  <<trees/language_counts language=language>>;
