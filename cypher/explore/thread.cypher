// explore/thread: the posts from the prompt to one post, with verdicts, ranks and reactions.
//
// in    post       STRING          required; id of the last one
// out   depth      INTEGER         0 is the prompt
// out   post       STRING          id
// out   role       STRING
// out   author     STRING          user id; null for the system
// out   lang       STRING
// out   accepted   BOOLEAN         null while undecided
// out   ended      BOOLEAN         whether the conversation ends here; null: not decided
// out   rank       INTEGER         among its siblings, 0 = best; null: not ranked
// out   siblings   INTEGER         other live replies to the same post
// out   reactions  INTEGER         of people here; skips not counted
// out   created    ZONED DATETIME
// out   text       STRING
// rows  many                       the prompt first; none for an unknown post
// needs posts
// cost  one seek, a few expands for each post of the thread
// mode  read
MATCH (:Post {id: $post})-[:REPLY_TO]->{0,1000}(post:Post)
RETURN post.depth AS depth, post.id AS post, post.role AS role, post.author AS author, post.lang AS lang,
  post.accepted AS accepted, post.ended AS ended, post.rank AS rank,
  COUNT { (post)-[:REPLY_TO]->(:Post)<-[:REPLY_TO]-(other:Post) WHERE NOT other.deleted AND other <> post } AS siblings,
  COUNT { (post)<-[reaction:REACTED]-(:User) WHERE NOT reaction.emoji STARTS WITH '_skip' } AS reactions,
  post.created AS created, post.text AS text
ORDER BY depth;
