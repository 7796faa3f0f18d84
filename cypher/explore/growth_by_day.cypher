// explore/growth_by_day: posts written on each day.
//
// Days are in UTC. A post counts on the day of its creation, deleted and rejected posts too; posts of a file without dates
// count on the day of the import.
//
// in    lang              STRING   language of the tree; null for all
// out   day               DATE
// out   prompts           INTEGER
// out   assistant_replies INTEGER
// out   prompter_replies  INTEGER
// out   rejected          INTEGER  of all of these, by their reviews
// out   deleted           INTEGER  of all of these
// out   synthetic         INTEGER  of all of these, written by a model
// rows  many                       by day; days without a post are left out
// needs posts
// cost  scan of the trees, then one look at each post: the whole graph is what is asked for
// mode  read
MATCH (tree:Tree)
WHERE $lang IS NULL OR tree.lang = $lang
CALL (tree) {
  MATCH (post:Post {tree: tree.id})
  RETURN post
}
WITH post.day AS day, count(*) AS posts,
  count(CASE WHEN post.depth = 0 THEN 1 END) AS prompts,
  count(CASE WHEN post.role = 'assistant' THEN 1 END) AS assistant_replies,
  count(CASE WHEN post.accepted = false THEN 1 END) AS rejected,
  count(CASE WHEN post.deleted THEN 1 END) AS deleted,
  count(CASE WHEN post.synthetic THEN 1 END) AS synthetic
WHERE day IS NOT NULL
RETURN date(day) AS day, prompts, assistant_replies, posts - prompts - assistant_replies AS prompter_replies,
  rejected, deleted, synthetic
ORDER BY day;
