// users/prompts: the trees of a user's prompts that depend on whether the user is enabled; locks them.
//
// in    user_id  STRING
// out   id       STRING
// rows  many
// cost  an index range as long as the user's history
// mode  write
MATCH (post:Post) WHERE post.author = $user_id AND post.created IS NOT NULL AND post.depth = 0
MATCH (tree:Tree {id: post.id})
WHERE tree.state IN ['initial_prompt_review', 'prompt_lottery_waiting', 'halted_by_moderator']
WITH tree ORDER BY tree.id
SET tree:Tree
RETURN tree.id AS id;
