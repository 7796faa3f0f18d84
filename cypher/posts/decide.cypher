// posts/decide: accepts or rejects a post.
//
// in    id        STRING
// in    accepted  BOOLEAN
// rows  none
// cost  one seek
// mode  write
MATCH (post:Post {id: $id})
WITH post, coalesce(properties(post).accepted, false) AS before, properties(post).deleted AS deleted,
  CASE WHEN $accepted THEN 1 ELSE -1 END AS one
SET post.accepted = $accepted, post.pool = null, post.key = null, post.wants = null
FOREACH (_ IN CASE WHEN before = $accepted OR deleted THEN [] ELSE [1] END |
  CREATE (:Credit {
    user: post.author, at: post.created.epochMillis, lang: post.lang,
    human_prompter: CASE WHEN post.role = 'prompter' AND NOT post.synthetic THEN one END,
    human_assistant: CASE WHEN post.role = 'assistant' AND NOT post.synthetic THEN one END,
    accepted_prompts: CASE WHEN post.depth = 0 THEN one END,
    accepted_replies_prompter: CASE WHEN post.depth > 0 AND post.role = 'prompter' THEN one END,
    accepted_replies_assistant: CASE WHEN post.role = 'assistant' THEN one END
  }));
