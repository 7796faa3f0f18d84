// trees/rate: write the ratings of some prompts after one more ranking of them.
//
// A prompt that has been ranked often enough leaves the pool of prompts to rank.
//
// in    ratings              LIST<MAP>  each: id, mu, sigma
// in    num_prompt_rankings  INTEGER    rankings wanted by a waiting prompt
// rows  none
// cost  a seek and the rankings of each
// mode  write
UNWIND $ratings AS rating
MATCH (post:Post {id: rating.id})
SET post.rating_mu = rating.mu, post.rating_sigma = rating.sigma
WITH post, <<wants/prompt_rankings>> AS wants
WHERE post.pool STARTS WITH 'rank_initial_prompts '
SET post.wants = CASE WHEN wants > 0 THEN wants END,
  post.pool = CASE WHEN wants > 0 THEN post.pool END,
  post.key = CASE WHEN wants > 0 THEN post.key END;
