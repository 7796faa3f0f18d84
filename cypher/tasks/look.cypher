// tasks/look: how much each pool holds for a user, from a bounded look at its lower end.
//
// Whether a place is for this user takes a few looks around it, so only the first of those seen are asked; the others are
// taken to be like them.
//
// in    client      STRING        id of the API client
// in    method      STRING        how the frontend knows the user
// in    name        STRING        the frontend's name of the user
// in    pools       LIST<STRING>
// in    limit       INTEGER       places seen in each pool
// in    closely     INTEGER       places of those that are asked
// in    lang        STRING
// in    now_ms      INTEGER       epoch milliseconds
// in    allow       MAP           self_labeling, self_ranking, duplicate_tasks BOOLEAN: rules to leave out
// out   user_id     STRING        null when unknown
// out   enabled     BOOLEAN       null when unknown
// out   terms       BOOLEAN       whether the user accepted the terms
// out   growing     INTEGER       trees of the language in that state
// out   reviewing   INTEGER       trees of the language under prompt review
// out   waiting     INTEGER       trees of the language in the lottery
// out   leased      INTEGER       initial prompts that somebody is writing now
// out   looks       LIST<MAP>     each: pool, seen, open, last_key (null unless the look was cut)
// rows  one
// cost  a seek for each pool, a few expands for each place that is asked
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
        WHEN user IS NULL THEN 1
        WHEN CASE
            WHEN pool STARTS WITH 'label' THEN
              ($allow.self_labeling OR coalesce(place.author, '') <> user.id)
              AND NOT EXISTS { (:Review {key: user.id + ' ' + place.id}) }
              AND NOT EXISTS { (user)-[:REACTED {emoji: '_skip_labeling'}]->(place) }
            WHEN pool STARTS WITH 'rank_initial_prompts' THEN
              ($allow.self_ranking OR coalesce(place.author, '') <> user.id)
              AND ($allow.duplicate_tasks OR NOT EXISTS { (place)<-[:RANKED]-(:Ranking {maker: user.id}) })
            WHEN pool STARTS WITH 'rank' THEN
              ($allow.self_ranking OR NOT EXISTS {
                (place)<-[:REPLY_TO]-(own:Post {author: user.id}) WHERE own.accepted AND NOT own.deleted })
              AND NOT EXISTS { (:Ranking {key: user.id + ' ' + place.id}) }
              AND NOT EXISTS { (user)-[:REACTED {emoji: '_skip_ranking'}]->(place) }
            ELSE ($allow.duplicate_tasks
                OR NOT EXISTS { (:Post {reply_key: user.id + ' ' + place.id}) })
              AND NOT EXISTS { (user)-[:REACTED {emoji: '_skip_reply'}]->(place) }
          END AND NOT EXISTS { (place)<-[held:LEASES]-(:Task {holder: user.id}) WHERE held.until > $now_ms } THEN 1
        ELSE 0
      END) AS found
    }
    RETURN size(places) AS seen, CASE WHEN size(places) = $limit THEN places[-1].key END AS last_key,
      CASE WHEN size(places) > $closely THEN toInteger(round(1.0 * found * size(places) / $closely)) ELSE found END AS open
  }
  RETURN collect({pool: pool, seen: seen, open: open, last_key: last_key}) AS looks
}
RETURN user.id AS user_id, user.enabled AND NOT user.deleted AS enabled, user.terms_accepted IS NOT NULL AS terms,
  coalesce(language.growing, 0) AS growing, coalesce(language.initial_prompt_review, 0) AS reviewing,
  coalesce(language.prompt_lottery_waiting, 0) AS waiting,
  COUNT { (language)<-[lease:LEASES]-(:Task) WHERE lease.until > $now_ms } AS leased, looks;
