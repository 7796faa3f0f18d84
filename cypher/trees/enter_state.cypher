// trees/enter_state: puts a tree into a state (or leaves it there) and opens just the places that the state wants.
//
// The one definition of what a post wants: `pool` is what and in which language, `wants` how many answers, `key` a random
// number while one more person may be given the place, else the end of the earliest reservation. The statements of
// tasks/ only count these down.
//
// in    id                     STRING
// in    state                  STRING          the state to enter
// in    halted_for             STRING          why nobody had to halt it; null for every other state
// in    now                    ZONED DATETIME
// in    now_ms                 INTEGER         the same in epoch milliseconds
// in    num_prompter_replies   INTEGER         replies wanted by an assistant post
// in    num_required_rankings  INTEGER         rankings wanted by a parent
// in    rank_prompter_replies  BOOLEAN         whether prompter replies are ranked
// in    num_prompt_rankings    INTEGER         rankings wanted by a waiting prompt; 0 when prompts are not ranked
// in    quota_prompt           INTEGER         reviews that a prompt wants
// in    quota_reply            INTEGER         reviews that a reply wants
// rows  none
// cost  two seeks, a few expands for each post of the tree
// mode  write
MATCH (tree:Tree {id: $id})
SET tree:Tree
WITH tree, properties(tree).state AS before
CALL (tree, before) {
  WITH * WHERE before <> $state
  MERGE (language:Language {tag: tree.lang})
  SET language:Language
  SET language[before] = coalesce(language[before], 1) - 1, language[$state] = coalesce(language[$state], 0) + 1
  // An aborted tree counts against the author of its prompt.
  WITH tree, before WHERE 'aborted_low_grade' IN [before, $state]
  MATCH (root:Post {id: tree.id}) WHERE root.author IS NOT NULL AND NOT root.deleted
  CREATE (:Credit {
    user: root.author, at: root.created.epochMillis, spam_prompts: CASE WHEN $state = 'aborted_low_grade' THEN 1 ELSE -1 END
  })
}
SET tree.state = $state, tree.halted_for = $halted_for, tree.entered = CASE WHEN before = $state THEN tree.entered ELSE $now END,
  tree.won_lottery = CASE WHEN $state = 'growing' THEN coalesce(tree.won_lottery, $now) ELSE tree.won_lottery END
WITH tree
MATCH (post:Post {tree: tree.id})
WITH tree, collect(post) AS posts,
  sum(CASE WHEN NOT post.deleted AND coalesce(post.accepted, true) THEN 1 ELSE 0 END) AS size
UNWIND posts AS post
// Waiting prompts are ranked under their own locks alone, so rankings are counted after it is taken.
FOREACH (_ IN CASE WHEN $state = 'prompt_lottery_waiting' AND post.depth = 0 THEN [1] ELSE [] END | SET post:Post)
WITH tree, size, post,
  COUNT { (reply:Post)-[:REPLY_TO]->(post) WHERE NOT reply.deleted AND coalesce(reply.accepted, true) } AS replies,
  CASE WHEN post.role = 'assistant' AND $num_prompter_replies < tree.max_children
    THEN $num_prompter_replies ELSE tree.max_children END AS cap,
  CASE WHEN post.role = 'prompter' THEN 'assistant' ELSE 'prompter' END AS next_role
// What is undecided wants at least one more review: quotas may have been lowered since it was last looked at.
WITH tree, post, replies,
  CASE
    WHEN post.deleted THEN {wants: 0}
    WHEN $state = 'initial_prompt_review' AND post.depth = 0 AND post.accepted IS NULL
      THEN {kind: 'label_initial_prompt', wants: CASE WHEN post.reviews < $quota_prompt THEN $quota_prompt - post.reviews ELSE 1 END}
    WHEN $state = 'prompt_lottery_waiting' AND post.depth = 0
      THEN {kind: 'rank_initial_prompts', wants: $num_prompt_rankings - COUNT { (post)<-[:RANKED]-(:Ranking) }}
    WHEN $state = 'growing' AND post.accepted IS NULL
      THEN {kind: 'label_' + post.role + '_reply',
        wants: CASE WHEN post.reviews < $quota_reply THEN $quota_reply - post.reviews ELSE 1 END}
    WHEN $state = 'growing' AND post.accepted AND post.depth < tree.max_depth AND size < tree.goal
      THEN {kind: next_role + '_reply', wants: cap - replies}
    WHEN $state = 'ranking' AND (post.role = 'prompter' OR $rank_prompter_replies)
        AND COUNT { (reply:Post)-[:REPLY_TO]->(post) WHERE NOT reply.deleted AND reply.accepted } > 1
      THEN {kind: 'rank_' + next_role + '_replies',
        wants: $num_required_rankings - COUNT { (post)<-[:UNDER]-(:Ranking) }}
    ELSE {wants: 0}
  END AS want
WITH post,
  CASE WHEN want.wants > 0 THEN want.kind END AS kind,
  CASE WHEN want.wants > 0 THEN want.kind + ' ' + post.lang + CASE
    WHEN want.kind IN ['assistant_reply', 'prompter_reply']
      THEN ' ' + toString(CASE WHEN replies < 8 THEN replies ELSE 8 END)
    ELSE ''
  END END AS pool,
  CASE WHEN want.wants > 0 THEN want.wants END AS wants
WHERE coalesce(post.pool, '') <> coalesce(pool, '') OR coalesce(post.wants, 0) <> coalesce(wants, 0)
// Reservations come and go under the lock of the post alone, so they are read after it is taken.
SET post:Post
WITH post, kind, pool, wants
OPTIONAL MATCH (post)<-[lease:LEASES]-(task:Task)
WITH post, kind, pool, wants, collect({lease: lease, kind: task.kind}) AS leases
FOREACH (each IN [each IN leases WHERE kind IS NOT NULL AND each.kind <> kind | each.lease] | DELETE each)
WITH post, pool, wants, [each IN leases WHERE each.kind = kind AND each.lease.until > $now_ms | each.lease.until] AS live
SET post.pool = pool, post.wants = wants,
  post.key = CASE
    WHEN pool IS NULL THEN null
    WHEN size(live) < wants THEN rand()
    ELSE reduce(first = head(live), each IN live | CASE WHEN each < first THEN each ELSE first END)
  END;
