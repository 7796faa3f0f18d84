// tasks/count_available: the number of places that each pool holds for a user, estimated from its first places.
//
// Checking whether a user is eligible for a place takes a few expands, so only the first places of a pool are checked; the
// result is scaled up to all places that were seen.
//
// in    client      STRING        id of the API client
// in    method      STRING        how the frontend knows the user
// in    name        STRING        the frontend's name of the user
// in    pools       LIST<STRING>
// in    limit       INTEGER       places seen in each pool
// in    closely     INTEGER       places of those that are checked
// in    lang        STRING
// in    now_ms      INTEGER       epoch milliseconds
// in    allow       MAP           self_labeling, self_ranking, duplicate_tasks BOOLEAN: rules to leave out
// in    model       STRING        the model that the client writes as; null: people write
// in    min_human_replies  INTEGER  replies to each post that only people may write
// out   user_id     STRING        null when unknown
// out   enabled     BOOLEAN       null when unknown
// out   terms       BOOLEAN       whether the user accepted the terms
// out   growing     INTEGER       trees of the language in that state
// out   reviewing   INTEGER       trees of the language under prompt review
// out   waiting     INTEGER       trees of the language in the lottery
// out   leased      INTEGER       initial prompts that are being written now
// out   looks       LIST<MAP>     each: pool, seen, open, last_key (null unless there are more places)
// rows  one
// cost  a seek for each pool, a few expands for each place that is checked
// mode  read
OPTIONAL MATCH (user:User {client: $client, method: $method, name: $name})
OPTIONAL MATCH (language:Language {tag: $lang})
CALL (user) {
  UNWIND $pools AS pool
  CALL (user, pool) {
    CALL (pool) {
      MATCH (place:Post) WHERE place.pool = pool AND place.key < $now_ms
      WITH place ORDER BY place.pool, place.key LIMIT $limit
      RETURN collect(place) AS places
    }
    CALL (user, pool, places) {
      UNWIND places[..$closely] AS place
      RETURN sum(CASE
        WHEN user IS NULL AND $model IS NULL THEN 1
        WHEN CASE WHEN pool STARTS WITH 'rank_initial_prompts' THEN
            <<tasks/eligible_prompt post=place>>
          ELSE
            <<tasks/eligible kind=pool>>
          END THEN 1
        ELSE 0
      END) AS found
    }
    RETURN size(places) AS seen, CASE WHEN size(places) = $limit THEN places[-1].key END AS last_key,
      CASE WHEN size(places) > $closely THEN toInteger(round(1.0 * found * size(places) / $closely)) ELSE found END AS open
  }
  RETURN collect({pool: pool, seen: seen, open: open, last_key: last_key}) AS looks
}
RETURN user.id AS user_id, user.enabled AND NOT user.deleted AS enabled, user.terms_accepted IS NOT NULL AS terms,
  <<trees/language_counts language=language>>,
  COUNT { (language)<-[lease:LEASES]-(:Task) WHERE lease.until > $now_ms } AS leased, looks;
