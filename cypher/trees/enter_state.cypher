// trees/enter_state: put a tree into a state, and open the places that the state wants.
//
// It decides what a post wants: `pool` is the task kind and the language, `wants` the number of answers, `key` a random
// number while one more user may be given the place, else the end of the earliest lease. How many answers of a
// kind a post wants is defined in _parts/wants/; the statements of tasks/ use the same parts.
//
// in    id                     STRING
// in    state                  STRING          the state to enter
// in    halted_for             STRING          why the tree was halted automatically; null for every other state
// in    now                    ZONED DATETIME
// in    now_ms                 INTEGER         the same in epoch milliseconds
// in    num_prompter_replies   INTEGER         replies wanted by an assistant post
// in    num_required_rankings  INTEGER         rankings wanted by a parent
// in    rank_prompter_replies  BOOLEAN         whether prompter replies are ranked
// in    rank_while_growing     BOOLEAN         whether decided replies are ranked before the tree is full
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
// Waiting prompts are ranked under their own locks only, so their rankings are counted after the lock is taken.
FOREACH (_ IN CASE WHEN $state = 'prompt_lottery_waiting' AND post.depth = 0 THEN [1] ELSE [] END | SET post:Post)
FOREACH (_ IN CASE WHEN $state <> 'growing' AND post.vote_pool IS NOT NULL THEN [1] ELSE [] END |
  <<wants/no_vote post=post>>)
WITH tree, size, post,
  <<wants/replies post=post>>,
  CASE WHEN post.role = 'prompter' THEN 'assistant' ELSE 'prompter' END AS next_role
WITH tree, post, replies, cap,
  CASE
    WHEN post.deleted THEN null
    WHEN $state = 'initial_prompt_review' AND post.depth = 0 AND post.accepted IS NULL THEN <<wants/review_kind>>
    WHEN $state = 'prompt_lottery_waiting' AND post.depth = 0 THEN 'rank_initial_prompts'
    WHEN $state = 'growing' AND post.accepted IS NULL THEN 'label_' + post.role + '_reply'
    WHEN $state = 'growing' AND post.accepted AND post.depth < tree.max_depth AND size < tree.goal AND replies < cap
      THEN next_role + '_reply'
    WHEN ($state = 'ranking' OR $state = 'growing' AND $rank_while_growing AND NOT EXISTS {
          (undecided:Post)-[:REPLY_TO]->(post) WHERE NOT undecided.deleted AND undecided.accepted IS NULL }) AND
        <<wants/rankable>>
      THEN 'rank_' + next_role + '_replies'
  END AS kind
WITH post, replies, kind,
  CASE
    WHEN kind STARTS WITH 'label' THEN <<wants/reviews kind=kind reviews=post.reviews>>
    WHEN kind = 'rank_initial_prompts' THEN <<wants/prompt_rankings>>
    WHEN kind STARTS WITH 'rank' THEN <<wants/rankings>>
    ELSE cap - replies
  END AS missing
// An undecided post wants at least one more review: quotas may have been lowered since it was last looked at.
WITH post, replies, kind,
  CASE WHEN kind IS NULL THEN null WHEN missing > 0 THEN missing WHEN kind STARTS WITH 'label' THEN 1 END AS wants
WITH post, wants, CASE WHEN wants > 0 THEN kind END AS kind,
  CASE WHEN wants > 0 THEN kind + ' ' + post.lang +
    CASE WHEN kind IN ['assistant_reply', 'prompter_reply'] THEN <<wants/children>> ELSE '' END
  END AS pool
WHERE coalesce(post.pool, '') <> coalesce(pool, '') OR coalesce(post.wants, 0) <> coalesce(wants, 0)
// Leases change under the lock of the post only, so they are read after it is taken.
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
