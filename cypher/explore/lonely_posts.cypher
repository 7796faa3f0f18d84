// explore/lonely_posts: posts that wait for a reply and have few or none, the oldest first.
//
// in    lang     STRING          language of the post; null for all
// in    replies  INTEGER         live ones that it may have at most; null for 0
// out   tree     STRING          id
// out   post     STRING          id
// out   lang     STRING
// out   role     STRING
// out   depth    INTEGER         0 is the prompt
// out   replies  INTEGER         live ones that it has; 8: or more
// out   wants    INTEGER         replies that it still wants
// out   skips    INTEGER         people who skipped it
// out   created  ZONED DATETIME
// out   text     STRING
// rows  many                     the oldest first
// needs open places
// cost  scan of the open places for replies: an index holds these only; sorts those that have few replies
// mode  read
UNWIND ['assistant_reply ', 'prompter_reply '] AS kind
CALL (kind) {
  MATCH (post:Post)
  WHERE post.pool STARTS WITH kind AND post.key >= 0
  RETURN post, toInteger(split(post.pool, ' ')[2]) AS replies
}
WITH post, replies WHERE replies <= coalesce($replies, 0) AND ($lang IS NULL OR post.lang = $lang)
WITH post, replies ORDER BY post.created, post.id
RETURN post.tree AS tree, post.id AS post, post.lang AS lang, post.role AS role, post.depth AS depth, replies,
  post.wants AS wants, COUNT { (post)<-[:REACTED {emoji: '_skip_reply'}]-(:User) } AS skips, post.created AS created,
  post.text AS text
ORDER BY created, post;
