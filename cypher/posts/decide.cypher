// posts/decide: accept or reject a post; a reply that is accepted shows that its parent is not the end.
//
// in    id        STRING
// in    accepted  BOOLEAN
// in    num_end_votes   INTEGER  votes wanted of a post that is asked about
// in    ask_from_depth  INTEGER  posts of the assistant from this depth on are asked about; null: only those whose authors say that the conversation ends
// rows  none
// cost  one seek and an expand
// mode  write
MATCH (post:Post {id: $id})
WITH post, coalesce(properties(post).accepted, false) AS before, properties(post).deleted AS deleted,
  CASE WHEN $accepted THEN 1 ELSE -1 END AS one
SET post.accepted = $accepted, post.pool = null, post.key = null, post.wants = null
FOREACH (_ IN CASE WHEN $accepted AND post.role = 'assistant' AND NOT before AND NOT deleted
    AND (coalesce(post.author_ends, false) OR coalesce(post.depth >= $ask_from_depth, false)) THEN [1] ELSE [] END |
  SET post.vote_pool = 'decide_end ' + post.lang, post.vote_key = rand(), post.votes_wanted = $num_end_votes)
FOREACH (_ IN CASE WHEN before = $accepted OR deleted THEN [] ELSE [1] END |
  CREATE (:Credit {
    user: post.author, at: post.created.epochMillis, lang: post.lang,
    human_prompter: CASE WHEN post.role = 'prompter' AND NOT post.synthetic THEN one END,
    human_assistant: CASE WHEN post.role = 'assistant' AND NOT post.synthetic THEN one END,
    accepted_prompts: CASE WHEN post.depth = 0 THEN one END,
    accepted_replies_prompter: CASE WHEN post.depth > 0 AND post.role = 'prompter' THEN one END,
    accepted_replies_assistant: CASE WHEN post.role = 'assistant' THEN one END
  }))
WITH post, deleted WHERE $accepted AND NOT deleted
MATCH (post)-[:REPLY_TO]->(parent:Post)
SET parent:Post
SET parent.ended = CASE WHEN parent.ended THEN false ELSE parent.ended END
<<wants/no_vote post=parent>>;
