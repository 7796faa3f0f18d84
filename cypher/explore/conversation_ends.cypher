// explore/conversation_ends: where conversations ended: accepted posts of the assistant by depth, and how people voted on them.
//
// in    lang           STRING   of the posts; null for all
// out   depth          INTEGER  1 is the first reply
// out   posts          INTEGER  live accepted posts of the assistant
// out   author_ends    INTEGER  those whose authors say that the conversation ends
// out   ended          INTEGER  those at which it ends, by votes or a moderator
// out   not_ended      INTEGER  those at which it does not, by votes, a moderator or a later reply
// out   open           INTEGER  those with an open vote
// out   votes_for      INTEGER  votes that it ends
// out   votes_against  INTEGER
// rows  many                    by depth
// needs posts
// cost  scan of the posts; one expand for each accepted post of the assistant
// mode  read
MATCH (post:Post)
WHERE post.role = 'assistant' AND post.accepted AND NOT post.deleted AND ($lang IS NULL OR post.lang = $lang)
RETURN post.depth AS depth, count(*) AS posts, count(CASE WHEN post.author_ends THEN 1 END) AS author_ends,
  count(CASE WHEN post.ended THEN 1 END) AS ended, count(CASE WHEN NOT post.ended THEN 1 END) AS not_ended,
  count(post.vote_pool) AS open, sum(COUNT { (post)<-[:VOTES_ON]-(:EndVote {ends: true}) }) AS votes_for,
  sum(COUNT { (post)<-[:VOTES_ON]-(:EndVote {ends: false}) }) AS votes_against
ORDER BY depth;
