// tasks/submit_review: store the labels that answer a review task, and return the means of all reviews of the post.
//
// in    client        STRING          id of the API client
// in    method        STRING          how the frontend knows the user
// in    name          STRING          the frontend's name of the user
// in    display_name  STRING
// in    task_id       STRING
// in    post_id       STRING          the labelled post; null: that of the task
// in    labels        MAP             label name to a value in [0, 1]
// in    text          STRING          a remark; may be empty
// in    conduct       MAP             what the labels count for the author of the post, by figure
// in    review_id     STRING          id of the review to write
// in    allow         MAP             self_labeling BOOLEAN: rule to leave out
// in    quota_prompt  INTEGER         reviews that a prompt wants
// in    quota_reply   INTEGER         reviews that a reply wants
// in    now           ZONED DATETIME
// in    now_ms        INTEGER         the same in epoch milliseconds
// out   outcome       STRING          stored, repeated, no_task, unknown_user, disabled, expired, not_acknowledged, done, not_yours, wrong_kind, other_post, strange_label, missing_label, self, reviewed
// out   label         STRING          the strange or missing one
// out   task_id       STRING
// out   kind          STRING          of the task
// out   user_id       STRING
// out   expired       ZONED DATETIME  end of the task's validity
// out   post_id       STRING          the labelled post
// out   tree_id       STRING
// out   accepted      BOOLEAN         null while undecided
// out   reviews       INTEGER         of the post, this one included
// out   spam          FLOAT           mean over the reviews
// out   lang_mismatch FLOAT           mean over the reviews, absent as 0
// rows  one
// cost  seeks for task and user; the reviews of one post
// mode  write
OPTIONAL MATCH (task:Task {id: $task_id, client: $client})
OPTIONAL MATCH (task)-[:FOR]->(post:Post)
OPTIONAL MATCH (tree:Tree {id: post.tree})
OPTIONAL MATCH (user:User {client: $client, method: $method, name: $name})
SET tree:Tree
SET post:Post
SET task:Task
SET user:User
WITH task, post, tree, user, properties(task) AS stored
WITH task, post, tree, user, stored.done AS done, stored.ack AS ack
OPTIONAL MATCH (task)-[:GAVE]->(given:Review) WHERE given.maker = user.id
WITH *,
  head([name IN keys($labels) WHERE NOT name IN task.labels]) AS strange,
  head([name IN task.mandatory WHERE NOT name IN keys($labels)]) AS missing
WITH *,
  CASE
    WHEN task IS NULL THEN 'no_task'
    WHEN user IS NULL AND task.collective THEN 'unknown_user'
    WHEN given.text = $text AND post.id = coalesce($post_id, post.id)
        AND all(name IN task.labels + keys($labels) WHERE coalesce(given[name], -1.0) = coalesce($labels[name], -1.0))
      THEN 'repeated'
    WHEN task.expires < $now THEN 'expired'
    WHEN ack IS NULL THEN 'not_acknowledged'
    WHEN done IS NOT NULL OR given IS NOT NULL THEN 'done'
    <<tasks/answerer>>
    WHEN NOT task.kind STARTS WITH 'label' THEN 'wrong_kind'
    WHEN post.id <> $post_id THEN 'other_post'
    WHEN strange IS NOT NULL THEN 'strange_label'
    WHEN missing IS NOT NULL THEN 'missing_label'
    WHEN NOT $allow.self_labeling AND post.author = user.id THEN 'self'
    WHEN EXISTS { (:Review {key: user.id + ' ' + post.id}) } THEN 'reviewed'
    ELSE 'stored'
  END AS outcome
CALL (task, post, user, outcome) {
  WITH * WHERE outcome = 'stored'
  CREATE (user)-[:MADE]->(review:Review {
    id: $review_id, key: user.id + ' ' + post.id, maker: user.id, text: $text, created: $now
  })-[:OF]->(post)
  CREATE (task)-[:GAVE]->(review)
  SET review += $labels
  CREATE (:Credit {
    user: user.id, at: task.created.epochMillis, labels_simple: CASE task.mode WHEN 'simple' THEN 1 END,
    labels_full: CASE task.mode WHEN 'full' THEN 1 END
  })
  FOREACH (_ IN CASE WHEN post.author IS NULL OR properties(post).deleted THEN [] ELSE [1] END |
    CREATE (credit:Credit {user: post.author, at: post.created.epochMillis})
    SET credit += $conduct)
  WITH task, post, user
  <<tasks/finish>>
  SET post.reviews = properties(post).reviews + 1
  WITH post, user
  CALL (post) {
    OPTIONAL MATCH (post)<-[lease:LEASES]-(:Task) WHERE lease.until > $now_ms
    WITH post, count(lease) AS live, min(lease.until) AS next_lapse
    WHERE properties(post).pool STARTS WITH 'label'
    WITH post, live, next_lapse, properties(post).pool AS pool, properties(post).reviews AS reviews
    WITH post, live, next_lapse, pool, <<wants/reviews kind=pool reviews=reviews>> AS wants
    <<wants/counted_down post=post>>
  }
  <<users/active>>
}
CALL (post) {
  OPTIONAL MATCH (post)<-[:OF]-(review:Review)
  RETURN avg(review.spam) AS spam, avg(coalesce(review.lang_mismatch, 0.0)) AS lang_mismatch
}
RETURN outcome, CASE outcome WHEN 'strange_label' THEN strange WHEN 'missing_label' THEN missing END AS label,
  task.id AS task_id, task.kind AS kind, user.id AS user_id, task.expires AS expired, post.id AS post_id, tree.id AS tree_id,
  properties(post).accepted AS accepted, properties(post).reviews AS reviews, spam, lang_mismatch;
