// tasks/settle_text: stores the text that answers a task, as a reply or as the prompt of a new tree.
//
// Whatever may refuse the text is checked under the locks, in the protocol's order; a refusal changes nothing. The same
// answer sent again is `repeated`, and stores nothing. A text that comes after its reservation lapsed is stored all the
// same; after a skip it is stored while the place is free.
//
// in    client        STRING          id of the API client
// in    method        STRING          how the frontend knows the user
// in    name          STRING          the frontend's name of the user
// in    display_name  STRING
// in    ack           STRING          the id that the task was acknowledged with
// in    post_id       STRING          id of the post to write
// in    frontend_id   STRING          the frontend's id of the post
// in    text          STRING
// in    too_long      BOOLEAN         whether the text is over the limit
// in    lang          STRING          of a prompt; null: the one it was asked for in; a reply has its parent's
// in    now           ZONED DATETIME
// in    now_ms        INTEGER         the same in epoch milliseconds
// in    labels        MAP             by language tag in lower case: the label whose index a text is searched in
// in    window_start  ZONED DATETIME  equal texts of the user since then are refused
// in    allow         MAP             duplicate_tasks BOOLEAN: rule to leave out
// in    num_prompter_replies  INTEGER  replies wanted by an assistant post
// in    quota_prompt  INTEGER         reviews that a prompt wants
// in    quota_reply   INTEGER         reviews that a reply wants
// in    goal          INTEGER         size of a new tree
// in    max_depth     INTEGER         of a new tree
// in    max_children  INTEGER         of a new tree
// out   outcome       STRING          stored, repeated, no_task, unknown_user, disabled, expired, done, not_yours, wrong_kind, too_long, duplicated, closed, answered, place_taken
// out   task_id       STRING
// out   kind          STRING          of the task
// out   user_id       STRING
// out   tree_id       STRING
// out   state         STRING          of the tree before
// out   expired       ZONED DATETIME  end of the task's validity
// rows  one
// cost  seeks for task, user, tree and the user's latest texts; one look at the posts of the tree
// mode  write
OPTIONAL MATCH (task:Task {client: $client, ack: $ack})
OPTIONAL MATCH (task)-[:FOR]->(parent:Post)
OPTIONAL MATCH (tree:Tree {id: parent.tree})
OPTIONAL MATCH (user:User {client: $client, method: $method, name: $name})
// Locks, always in this order; what follows reads what the lock protects.
SET tree:Tree
SET parent:Post
SET task:Task
SET user:User
WITH task, parent, tree, user, properties(tree).state AS state, properties(task) AS stored, properties(parent) AS place
WITH task, parent, tree, user, state, stored.done AS done, stored.skipped AS skipped, place.pool AS pool, place.wants AS wants
// Somebody whom two users were merged into may have answered a collective task twice.
OPTIONAL MATCH (task)-[:GAVE]->(given:Post) WHERE given.author = user.id
WITH task, parent, tree, user, state, done, skipped, pool, wants, count(given) AS answers,
  count(CASE WHEN given.frontend_id = $frontend_id AND given.text = $text THEN given END) AS repeated
OPTIONAL MATCH (parent)<-[lease:LEASES]-(other:Task) WHERE other <> task AND lease.until > $now_ms
WITH task, parent, tree, user, state, done, skipped, pool, wants, answers, repeated, min(lease.until) AS next_lapse,
  count(lease) AS live
WITH *,
  CASE
    WHEN task IS NULL THEN 'no_task'
    WHEN user IS NULL AND task.collective THEN 'unknown_user'
    WHEN repeated > 0 THEN 'repeated'
    WHEN task.expires < $now THEN 'expired'
    WHEN done IS NOT NULL OR answers > 0 THEN 'done'
    WHEN NOT task.collective AND NOT EXISTS { (user)-[:TOOK]->(task) } THEN 'not_yours'
    WHEN user.deleted OR NOT user.enabled THEN 'disabled'
    WHEN NOT task.kind IN ['initial_prompt', 'prompter_reply', 'assistant_reply'] THEN 'wrong_kind'
    WHEN $too_long THEN 'too_long'
    WHEN EXISTS { (same:Post) WHERE same.author = user.id AND same.created >= $window_start AND same.text = $text }
      THEN 'duplicated'
    WHEN tree IS NOT NULL AND NOT state IN ['growing', 'ranking', 'ready_for_scoring', 'ready_for_export'] THEN 'closed'
    WHEN NOT $allow.duplicate_tasks AND EXISTS { (:Post {reply_key: user.id + ' ' + parent.id}) }
      THEN 'answered'
    WHEN skipped AND parent IS NOT NULL AND (NOT coalesce(pool, '') STARTS WITH task.kind OR live >= wants) THEN 'place_taken'
    ELSE 'stored'
  END AS outcome
CALL (task, parent, tree, user, state, live, next_lapse, outcome) {
  WITH * WHERE outcome = 'stored'
  WITH *, CASE WHEN parent IS NULL OR parent.role = 'assistant' THEN 'prompter' ELSE 'assistant' END AS role,
    coalesce(parent.lang, $lang, task.lang) AS lang, coalesce(properties(parent).deleted, false) AS deleted
  CREATE (user)-[:WROTE]->(post:Post {
    id: $post_id, tree: coalesce(tree.id, $post_id), role: role, text: $text, lang: lang,
    depth: coalesce(parent.depth + 1, 0), created: $now, client: $client, frontend_id: $frontend_id, author: user.id,
    reply_key: CASE WHEN parent IS NULL OR deleted OR $allow.duplicate_tasks THEN null
      ELSE user.id + ' ' + parent.id END,
    reviews: 0, deleted: deleted, edited: false, synthetic: false, day: format($now, 'uuuuMMdd')
  })<-[:GAVE]-(task)
  SET post:$(coalesce($labels[toLower(lang)], $labels[split(toLower(lang), '-')[0]], 'InOther'))
  SET post += CASE
    WHEN parent IS NULL THEN {pool: 'label_initial_prompt ' + lang, key: rand(), wants: $quota_prompt}
    WHEN state = 'growing' AND NOT deleted
      THEN {pool: 'label_' + role + '_reply ' + lang, key: rand(), wants: $quota_reply}
    ELSE {}
  END
  CREATE (:Credit {
    user: user.id, at: post.created.epochMillis, lang: lang, trees: CASE WHEN parent IS NULL THEN 1 END, posts: 1, deleted: CASE WHEN deleted THEN 1 END,
    prompts: CASE WHEN parent IS NULL THEN 1 END,
    replies_assistant: CASE WHEN role = 'assistant' AND NOT deleted THEN 1 END,
    replies_prompter: CASE WHEN role = 'prompter' AND parent IS NOT NULL AND NOT deleted THEN 1 END
  })
  FOREACH (_ IN CASE WHEN parent IS NULL THEN [1] ELSE [] END |
    CREATE (:Tree {
      id: $post_id, state: 'initial_prompt_review', lang: lang, goal: $goal, max_depth: $max_depth,
      max_children: $max_children, created: $now
    })-[:ROOT]->(post)
    MERGE (language:Language {tag: lang})
    SET language:Language
    SET language.initial_prompt_review = coalesce(properties(language).initial_prompt_review, 0) + 1)
  FOREACH (above IN CASE WHEN parent IS NULL THEN [] ELSE [parent] END | CREATE (post)-[:REPLY_TO]->(above))
  WITH task, parent, tree, user, state, live, next_lapse, deleted
  OPTIONAL MATCH (task)-[:LEASES]->(language:Language)
  SET language:Language
  WITH task, parent, tree, user, state, live, next_lapse, deleted
  CALL (task) { MATCH (task)-[own:LEASES]->() DELETE own }
  SET task.done = CASE WHEN task.collective THEN null ELSE $now END,
    task.holder = CASE WHEN task.collective THEN task.holder END
  WITH parent, tree, user, state, live, next_lapse, deleted
  CALL (parent, tree, state, live, next_lapse, deleted) {
    WITH * WHERE state = 'growing' AND parent.pool IS NOT NULL AND NOT deleted
    WITH parent, tree, live, next_lapse,
      COUNT { (reply:Post)-[:REPLY_TO]->(parent) WHERE NOT reply.deleted AND coalesce(reply.accepted, true) } AS replies,
      CASE WHEN parent.role = 'assistant' AND $num_prompter_replies < tree.max_children
        THEN $num_prompter_replies ELSE tree.max_children END AS cap
    WITH parent, live, next_lapse, replies, cap - replies AS wants
    SET parent.pool = CASE WHEN wants > 0 THEN
          CASE parent.role WHEN 'prompter' THEN 'assistant_reply ' ELSE 'prompter_reply ' END + parent.lang + ' ' +
          toString(CASE WHEN replies < 8 THEN replies ELSE 8 END)
        END,
      parent.wants = CASE WHEN wants > 0 THEN wants END,
      parent.key = CASE WHEN wants <= 0 THEN null WHEN live < wants THEN rand() ELSE next_lapse END
  }
  CALL (tree, state) {
    WITH * WHERE state = 'growing'
    MATCH (post:Post {tree: tree.id}) WHERE NOT post.deleted AND coalesce(post.accepted, true)
    WITH tree, collect(post) AS posts
    WITH posts WHERE size(posts) >= tree.goal
    UNWIND posts AS full
    WITH full WHERE full.pool STARTS WITH 'assistant_reply ' OR full.pool STARTS WITH 'prompter_reply '
    SET full.pool = null, full.key = null, full.wants = null
  }
  SET user.display_name = $display_name,
    user.streak_start = CASE
      WHEN user.streak_start IS NULL OR user.last_activity IS NULL
        OR date(user.last_activity) < date($now) - duration('P1D') THEN $now
      ELSE user.streak_start
    END
  SET user.last_activity = $now
}
RETURN outcome, task.id AS task_id, task.kind AS kind, user.id AS user_id, tree.id AS tree_id, state,
  task.expires AS expired;
