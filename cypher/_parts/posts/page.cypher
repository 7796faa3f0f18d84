// posts/page: the posts of a page, in the order of time (`ASC`) or against it (`DESC`).
// Bounds use CASE: for `NOT (… AND …)` the planner of an empty graph makes two seeks and sorts their union.
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
// in    with_user        BOOLEAN         whether to return the author
// out   post             MAP
// out   user             MAP             the author; null unless with_user
// rows  many                             in the order of time, by id where times are equal
// cost  one range of one index, read in its order up to the limit; of several authors one range for each. Posts
//       that the filters leave out are read on the way
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
    RETURN post ORDER BY post.author <<order>>, post.created <<order>>, post.id <<order>> LIMIT $limit
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
  RETURN post ORDER BY post.client <<order>>, post.created <<order>>, post.id <<order>> LIMIT $limit
  UNION ALL
  WITH 1 AS one WHERE $by = 'lang'
  MATCH (post:Post)
  USING INDEX post:Post(lang, created)
  WHERE post.lang = $lang AND post.created >= $low AND post.created <= $high
    AND CASE post.created WHEN $low THEN post.id > $low_id ELSE true END
    AND CASE post.created WHEN $high THEN post.id < $high_id ELSE true END
    AND ($client IS NULL OR post.client = $client)
    AND (NOT $only_roots OR post.depth = 0) AND ($include_deleted OR NOT post.deleted)
  RETURN post ORDER BY post.lang <<order>>, post.created <<order>>, post.id <<order>> LIMIT $limit
  UNION ALL
  WITH 1 AS one WHERE $by = 'client_lang'
  MATCH (post:Post)
  USING INDEX post:Post(client, lang, created)
  WHERE post.client = $client AND post.lang = $lang AND post.created >= $low AND post.created <= $high
    AND CASE post.created WHEN $low THEN post.id > $low_id ELSE true END
    AND CASE post.created WHEN $high THEN post.id < $high_id ELSE true END
    AND (NOT $only_roots OR post.depth = 0) AND ($include_deleted OR NOT post.deleted)
  RETURN post ORDER BY post.client <<order>>, post.lang <<order>>, post.created <<order>>, post.id <<order>> LIMIT $limit
  UNION ALL
  WITH 1 AS one WHERE $by = 'all'
  MATCH (post:Post)
  USING INDEX post:Post(created)
  WHERE post.created >= $low AND post.created <= $high
    AND CASE post.created WHEN $low THEN post.id > $low_id ELSE true END
    AND CASE post.created WHEN $high THEN post.id < $high_id ELSE true END
    AND ($client IS NULL OR post.client = $client) AND ($lang IS NULL OR post.lang = $lang)
    AND (NOT $only_roots OR post.depth = 0) AND ($include_deleted OR NOT post.deleted)
  RETURN post ORDER BY post.created <<order>>, post.id <<order>> LIMIT $limit
}
WITH post ORDER BY post.created <<order>>, post.id <<order>> LIMIT $limit
