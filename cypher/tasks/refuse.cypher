// tasks/refuse: skip a task, free its place, and record that this user skips it, unless a model does.
//
// in    client   STRING          id of the API client
// in    task_id  STRING
// in    reason   STRING          null when none was given
// in    user_id  STRING          the acting user; null: the holder of the task
// in    now      ZONED DATETIME
// in    now_ms   INTEGER         the same in epoch milliseconds
// out   outcome  STRING          refused, no_task, expired, done, not_yours
// out   kind     STRING          of the task
// out   expired  ZONED DATETIME  end of the task's validity
// out   tree_id  STRING          null for prompts
// out   state    STRING          of the tree
// out   skips    INTEGER         how many users skipped a reply to this post; 0 when it is deleted or rejected
// rows  one
// cost  one seek and the reactions of one post
// mode  write
OPTIONAL MATCH (task:Task {id: $task_id, client: $client})
OPTIONAL MATCH (task)-[:FOR]->(post:Post)
OPTIONAL MATCH (tree:Tree {id: post.tree})
OPTIONAL MATCH (task)<-[:TOOK]-(owner:User)
SET tree:Tree
SET post:Post
SET task:Task
WITH task, post, tree, owner, properties(task).done AS done, properties(tree).state AS state
WITH *,
  CASE
    WHEN task IS NULL THEN 'no_task'
    WHEN task.expires < $now THEN 'expired'
    WHEN done IS NOT NULL THEN 'done'
    WHEN $user_id IS NOT NULL AND $user_id <> owner.id AND NOT task.collective THEN 'not_yours'
    ELSE 'refused'
  END AS outcome,
  CASE
    WHEN task.kind STARTS WITH 'label' THEN '_skip_labeling'
    WHEN task.kind STARTS WITH 'rank' THEN '_skip_ranking'
    ELSE '_skip_reply'
  END AS emoji
CALL (task, post, owner, outcome, emoji) {
  WITH * WHERE outcome = 'refused'
  FOREACH (_ IN CASE WHEN task.collective THEN [] ELSE [1] END |
    SET task.skipped = true, task.skip_reason = $reason, task.refused = $now, task.holder = null)
  WITH task, post, owner, emoji
  OPTIONAL MATCH (skipper:User {id: $user_id})
  OPTIONAL MATCH (task)-[:LEASES]->(language:Language)
  WITH task, post, coalesce(skipper, owner) AS skipper, emoji, language
  SET skipper:User
  SET language:Language
  WITH task, post, skipper, emoji
  CALL (task) { WITH task WHERE NOT task.collective MATCH (task)-[own:LEASES|LEASES_VOTE]->() DELETE own }
  CALL (post) {
    <<posts/reopen post=post pool=vote_pool wants=votes_wanted key=vote_key lease=LEASES_VOTE>>
  }
  WITH task, post, skipper, emoji WHERE post IS NOT NULL AND task.kind <> 'decide_end'
  // A model's skip counts for nobody: its tasks alone tell what it skipped.
  FOREACH (_ IN CASE WHEN task.model_name IS NULL THEN [1] ELSE [] END |
    MERGE (skipper)-[skip:REACTED {emoji: emoji}]->(post)
      ON CREATE SET skip.created = $now)
  WITH post
  <<posts/reopen post=post pool=pool wants=wants key=key lease=LEASES>>
}
RETURN outcome, task.kind AS kind, task.expires AS expired, tree.id AS tree_id, state,
  CASE WHEN NOT properties(post).deleted AND coalesce(properties(post).accepted, true)
    THEN COUNT { (post)<-[:REACTED {emoji: '_skip_reply'}]-() } ELSE 0 END AS skips;
