// posts/oldest: a page of posts, the oldest first: of some authors, of a client, in a language, or of all.
//
// Bounds are written by CASE: of `NOT (… AND …)` the planner of an empty graph makes two seeks and sorts their sum.
//
// in    by               STRING          author, client, lang, client_lang or all: the index to read
// in    authors          LIST<STRING>    with author: user ids
// in    client           STRING          null: of every client
// in    lang             STRING          null: in every language
// in    low              ZONED DATETIME  none before
// in    low_id           STRING          of those at that time, none up to this id
// in    high             ZONED DATETIME  none after
// in    high_id          STRING          of those at that time, none from this id on
// in    only_roots       BOOLEAN
// in    include_deleted  BOOLEAN
// in    limit            INTEGER
// in    with_user        BOOLEAN         whether to tell the author
// out   post             MAP
// out   user             MAP             null unless asked for
// rows  many                             oldest first, by id where times are equal
// cost  one range of one index, read in its order up to the limit; of several authors one range for each. What is left
//       out (replies, deleted posts, an author's other languages) is passed over on the way
// mode  read
CALL () {
  WITH 1 AS one WHERE $by = 'author'
  UNWIND $authors AS author
  CALL (author) {
    MATCH (post:Post)
    USING INDEX post:Post(author, created)
    WHERE post.author = author AND post.created >= $low AND post.created <= $high
      AND CASE post.created WHEN $low THEN post.id > $low_id ELSE true END
      AND CASE post.created WHEN $high THEN post.id < $high_id ELSE true END
      AND ($client IS NULL OR post.client = $client) AND ($lang IS NULL OR post.lang = $lang)
      AND (NOT $only_roots OR post.depth = 0) AND ($include_deleted OR NOT post.deleted)
    RETURN post ORDER BY post.author, post.created, post.id LIMIT $limit
  }
  RETURN post
  UNION ALL
  WITH 1 AS one WHERE $by = 'client'
  MATCH (post:Post)
  USING INDEX post:Post(client, created)
  WHERE post.client = $client AND post.created >= $low AND post.created <= $high
    AND CASE post.created WHEN $low THEN post.id > $low_id ELSE true END
    AND CASE post.created WHEN $high THEN post.id < $high_id ELSE true END
    AND ($lang IS NULL OR post.lang = $lang)
    AND (NOT $only_roots OR post.depth = 0) AND ($include_deleted OR NOT post.deleted)
  RETURN post ORDER BY post.client, post.created, post.id LIMIT $limit
  UNION ALL
  WITH 1 AS one WHERE $by = 'lang'
  MATCH (post:Post)
  USING INDEX post:Post(lang, created)
  WHERE post.lang = $lang AND post.created >= $low AND post.created <= $high
    AND CASE post.created WHEN $low THEN post.id > $low_id ELSE true END
    AND CASE post.created WHEN $high THEN post.id < $high_id ELSE true END
    AND ($client IS NULL OR post.client = $client)
    AND (NOT $only_roots OR post.depth = 0) AND ($include_deleted OR NOT post.deleted)
  RETURN post ORDER BY post.lang, post.created, post.id LIMIT $limit
  UNION ALL
  WITH 1 AS one WHERE $by = 'client_lang'
  MATCH (post:Post)
  USING INDEX post:Post(client, lang, created)
  WHERE post.client = $client AND post.lang = $lang AND post.created >= $low AND post.created <= $high
    AND CASE post.created WHEN $low THEN post.id > $low_id ELSE true END
    AND CASE post.created WHEN $high THEN post.id < $high_id ELSE true END
    AND (NOT $only_roots OR post.depth = 0) AND ($include_deleted OR NOT post.deleted)
  RETURN post ORDER BY post.client, post.lang, post.created, post.id LIMIT $limit
  UNION ALL
  WITH 1 AS one WHERE $by = 'all'
  MATCH (post:Post)
  USING INDEX post:Post(created)
  WHERE post.created >= $low AND post.created <= $high
    AND CASE post.created WHEN $low THEN post.id > $low_id ELSE true END
    AND CASE post.created WHEN $high THEN post.id < $high_id ELSE true END
    AND ($client IS NULL OR post.client = $client) AND ($lang IS NULL OR post.lang = $lang)
    AND (NOT $only_roots OR post.depth = 0) AND ($include_deleted OR NOT post.deleted)
  RETURN post ORDER BY post.created, post.id LIMIT $limit
}
WITH post ORDER BY post.created, post.id LIMIT $limit
RETURN post {
    .*,
    parent: head([(post)-[:REPLY_TO]->(above) | above.id]),
    rankings: COUNT { (post)<-[:RANKED]-() },
    reactions: [(post)<-[reaction:REACTED]-(who) | [reaction.emoji, who.id]]
  } AS post,
  CASE WHEN $with_user THEN head([(post)<-[:WROTE]-(writer) | writer {.*}]) END AS user
ORDER BY post.created, post.id;
