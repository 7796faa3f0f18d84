// tasks/lease_prompt: lease room for one more initial prompt in a language, and write the task.
//
// in    user_id        STRING
// in    client         STRING          id of the API client
// in    lang           STRING
// in    task_id        STRING          id of the task to write
// in    request_hash   STRING          of the request with its idempotency key; null without a key
// in    now            ZONED DATETIME
// in    now_ms         INTEGER         the same in epoch milliseconds
// in    until_ms       INTEGER         end of the lease in epoch milliseconds
// in    expires        ZONED DATETIME  end of the task's validity; null: never
// in    collective     BOOLEAN
// in    model          STRING          the model that the client writes as; null: people write
// in    guideline      STRING          id of the guideline that the task shows; null: none
// in    max_growing    INTEGER         growing trees wanted
// in    max_reviewing  INTEGER         prompts under review before no more are asked for
// in    max_waiting    INTEGER         prompts in the lottery before no more are asked for
// out   outcome        STRING          handed_out, again (the task exists already), nothing
// rows  maybe                   none when the user no longer exists
// cost  one seek and the leases of one language
// mode  write
MATCH (user:User {id: $user_id})
SET user:User
MERGE (language:Language {tag: $lang})
SET language:Language
WITH user, language, properties(language) AS stored
OPTIONAL MATCH (language)<-[lease:LEASES]-(:Task)
WITH user, language, stored, collect(lease) AS leases
WITH user, language, stored, [each IN leases WHERE each.until <= $now_ms] AS lapsed,
  size([each IN leases WHERE each.until > $now_ms]) AS live,
  $max_growing - coalesce(stored.growing, 0) AS missing,
  $max_reviewing - coalesce(stored.initial_prompt_review, 0) AS reviewable,
  $max_waiting - coalesce(stored.prompt_lottery_waiting, 0) AS waitable
FOREACH (each IN lapsed | DELETE each)
WITH user, language, stored, live, waitable,
  CASE WHEN missing > 0 THEN missing ELSE 0 END + CASE WHEN reviewable > 0 THEN reviewable ELSE 0 END AS wanted
WITH user, language, live, stored, properties(user) AS who,
  CASE WHEN wanted < waitable THEN wanted ELSE waitable END AS places
WITH user, language, live = 0 AND stored = {tag: $lang} AS unheard_of,
  live < places AND who.enabled AND NOT who.deleted AS room,
  EXISTS { (:Task {id: $task_id}) } AS again
// A request without result leaves no node behind, not even a language.
FOREACH (_ IN CASE WHEN unheard_of AND NOT room THEN [1] ELSE [] END | DELETE language)
FOREACH (_ IN CASE WHEN room AND NOT again THEN [1] ELSE [] END |
  CREATE (user)-[:TOOK]->(:Task {
    id: $task_id, kind: 'initial_prompt', client: $client, lang: $lang, created: $now, expires: $expires,
    holder: user.id, collective: $collective, model_name: $model, guideline: $guideline,
    request_hash: $request_hash
  })-[:LEASES {until: $until_ms}]->(language))
RETURN CASE WHEN again THEN 'again' WHEN room THEN 'handed_out' ELSE 'nothing' END AS outcome;
