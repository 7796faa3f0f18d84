// tasks/submit_text: store the text that answers a task, as a reply or as the prompt of a new tree.
//
// All checks run under the locks, in the order of the protocol; a refused text changes nothing. The same answer sent again
// is `repeated` and stores nothing. A text is also stored after its lease has lapsed, and after a skip while the place is
// free. A model's text has no author. It is not stored when its lease has lapsed and people need the place.
//
// in    client        STRING          id of the API client
// in    method        STRING          how the frontend knows the user
// in    name          STRING          the frontend's name of the user
// in    display_name  STRING
// in    task_id       STRING          null where the task is named by a message id
// in    ack           STRING          a message id that the task was acknowledged with; null where the task is named by its id
// in    post_id       STRING          id of the post to write
// in    frontend_id   STRING          the frontend's id of the post
// in    text          STRING
// in    too_long      BOOLEAN         whether the text is over the limit
// in    ends          BOOLEAN         whether the author says that the conversation ends here; kept, and no vote
// in    lang          STRING          of a prompt; null: that of the task; a reply has the language of its parent
// in    now           ZONED DATETIME
// in    now_ms        INTEGER         the same in epoch milliseconds
// in    labels        MAP             by language tag in lower case: the label whose index a text is searched in
// in    window_start  ZONED DATETIME  equal texts of the user since then are refused
// in    allow         MAP             duplicate_tasks BOOLEAN: rule to leave out
// in    model         STRING          the model that the client writes as; null: people write
// in    min_human_replies     INTEGER  replies to each post that only people may write
// in    num_prompter_replies  INTEGER  replies wanted by an assistant post
// in    rank_while_growing    BOOLEAN  whether decided replies are ranked before the tree is full
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
<<tasks/named>>
OPTIONAL MATCH (task)-[:FOR]->(parent:Post)
OPTIONAL MATCH (tree:Tree {id: parent.tree})
OPTIONAL MATCH (user:User {client: $client, method: $method, name: $name})
// Locks, always in this order; the following reads are under the locks.
SET tree:Tree
SET parent:Post
SET task:Task
SET user:User
WITH task, parent, tree, user, properties(tree).state AS state, properties(task) AS stored, properties(parent) AS place
WITH task, parent, tree, user, state, stored.done AS done, stored.skipped AS skipped, place.pool AS pool, place.wants AS wants
// A user whom two users were merged into may have answered a collective task twice.
OPTIONAL MATCH (task)-[:GAVE]->(given:Post) WHERE coalesce(given.author, user.id) = user.id
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
    <<tasks/answerer>>
    WHEN NOT task.kind IN ['initial_prompt', 'prompter_reply', 'assistant_reply'] THEN 'wrong_kind'
    WHEN $too_long THEN 'too_long'
    WHEN EXISTS { (same:Post) WHERE same.author = user.id AND same.created >= $window_start AND same.text = $text }
      THEN 'duplicated'
    WHEN tree IS NOT NULL AND NOT state IN ['growing', 'ranking', 'ready_for_scoring', 'ready_for_export'] THEN 'closed'
    WHEN NOT $allow.duplicate_tasks AND EXISTS { (:Post {reply_key: user.id + ' ' + parent.id}) }
      THEN 'answered'
    WHEN $model IS NOT NULL AND pool IS NOT NULL AND NOT EXISTS { (task)-[own:LEASES]->(parent) WHERE own.until > $now_ms }
      AND NOT (
        <<tasks/left_to_people post=parent wants=wants>>
      ) THEN 'place_taken'
    WHEN skipped AND parent IS NOT NULL AND (NOT coalesce(pool, '') STARTS WITH task.kind OR live >= wants) THEN 'place_taken'
    ELSE 'stored'
  END AS outcome
CALL (task, parent, tree, user, state, live, next_lapse, outcome) {
  WITH * WHERE outcome = 'stored'
  WITH *, CASE WHEN parent IS NULL OR parent.role = 'assistant' THEN 'prompter' ELSE 'assistant' END AS role,
    coalesce(parent.lang, $lang, task.lang) AS lang, coalesce(properties(parent).deleted, false) AS deleted
  CREATE (post:Post {
    id: $post_id, tree: coalesce(tree.id, $post_id), role: role, text: $text, lang: lang,
    depth: coalesce(parent.depth + 1, 0), created: $now, client: $client, frontend_id: $frontend_id,
    author: CASE WHEN $model IS NULL THEN user.id END,
    reply_key: CASE WHEN parent IS NULL OR deleted OR $allow.duplicate_tasks THEN null
      ELSE user.id + ' ' + parent.id END,
    reviews: 0, deleted: deleted, edited: false, synthetic: $model IS NOT NULL, model_name: $model,
    day: format($now, 'uuuuMMdd'), author_ends: CASE WHEN $ends THEN true END
  })<-[:GAVE]-(task)
  FOREACH (_ IN CASE WHEN $model IS NULL THEN [1] ELSE [] END | CREATE (user)-[:WROTE]->(post))
  SET post:$(<<posts/text_label lang=toLower(lang)>>)
  WITH *, <<wants/review_kind>> AS review_kind
  SET post += CASE
    WHEN parent IS NULL OR state = 'growing' AND NOT deleted
      THEN {pool: review_kind + ' ' + lang, key: rand(), wants: <<wants/reviews kind=review_kind reviews=0>>}
    ELSE {}
  END
  CREATE (:Credit {
    user: post.author, at: post.created.epochMillis, lang: lang, trees: CASE WHEN parent IS NULL THEN 1 END, posts: 1, deleted: CASE WHEN deleted THEN 1 END,
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
  <<tasks/finish>>
  WITH parent, tree, user, state, live, next_lapse, deleted
  CALL (parent, tree, state, live, next_lapse, deleted) {
    WITH * WHERE state = 'growing' AND parent.pool IS NOT NULL AND NOT deleted
    WITH parent, tree, live, next_lapse,
      <<wants/replies post=parent>>
    WITH parent, live, next_lapse, cap - replies AS wants,
      CASE parent.role WHEN 'prompter' THEN 'assistant_reply ' ELSE 'prompter_reply ' END + parent.lang +
        <<wants/children>> AS pool
    <<wants/counted_down post=parent>>
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
  <<users/active>>
}
RETURN outcome, task.id AS task_id, task.kind AS kind, user.id AS user_id, tree.id AS tree_id, state,
  task.expires AS expired;
