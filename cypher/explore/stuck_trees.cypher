// explore/stuck_trees: trees that make no progress, and why.
//
// Finished and aborted trees are left out. An unfinished tree proceeds by answers: if none of its posts wants one, changed
// limits or an interrupted step have left it behind.
//
// in    lang       STRING          language of the tree; null for all
// out   tree       STRING          id
// out   lang       STRING
// out   state      STRING
// out   why        STRING          the reason
// out   entered    ZONED DATETIME  when it came into this state; null where it was not recorded
// out   last_post  ZONED DATETIME  when the last of its posts was written
// rows  many                       by state, the longest untouched first
// needs unfinished trees
// cost  scan of the trees that are not finished, one look at each post of those at work; sorts them
// mode  read
MATCH (tree:Tree)-[:ROOT]->(root:Post)
WHERE tree.state IN ['initial_prompt_review', 'prompt_lottery_waiting', 'growing', 'ranking', 'ready_for_scoring',
    'scoring_failed', 'halted_by_moderator', 'backlog_ranking']
  AND tree.lang IS NOT NULL AND ($lang IS NULL OR tree.lang = $lang)
CALL (tree) {
  MATCH (post:Post {tree: tree.id})
  RETURN count(post.pool) AS wanting, max(post.created) AS last_post
}
WITH tree, last_post, CASE
    WHEN tree.state = 'ready_for_scoring' THEN 'its scoring broke off'
    WHEN tree.state = 'scoring_failed' THEN 'its scoring failed'
    WHEN tree.state = 'backlog_ranking' THEN 'nobody has activated it'
    WHEN tree.state = 'halted_by_moderator' AND tree.halted_for = 'emptied' THEN 'halted: nothing of it stands'
    WHEN tree.state = 'halted_by_moderator' AND tree.halted_for = 'author' THEN 'halted: its author is away'
    WHEN tree.state = 'halted_by_moderator' THEN 'halted by a moderator'
    WHEN root.deleted THEN 'its prompt is deleted'
    WHEN tree.state = 'prompt_lottery_waiting' THEN CASE
      WHEN EXISTS { (root)<-[:WROTE]-(author:User) WHERE author.deleted OR NOT author.enabled }
        THEN 'its author is away'
    END
    WHEN wanting = 0 THEN 'no post of it wants anything'
  END AS why
WHERE why IS NOT NULL
RETURN tree.id AS tree, tree.lang AS lang, tree.state AS state, why, tree.entered AS entered, last_post
ORDER BY state, last_post, tree;
