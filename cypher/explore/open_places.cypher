// explore/open_places: the open places of each task kind and language.
//
// in    lang    STRING          null for all
// out   kind    STRING          of the task
// out   lang    STRING
// out   places  INTEGER         posts that want something
// out   wants   INTEGER         answers that they want, all together
// out   free    INTEGER         posts that take one more user now
// out   oldest  ZONED DATETIME  when the first of these posts was written
// rows  many                    by kind and language
// needs open places
// cost  scan of the open places: an index holds these only
// mode  read
MATCH (post:Post)
WHERE post.pool >= '' AND post.key >= 0 AND ($lang IS NULL OR post.lang = $lang)
WITH split(post.pool, ' ') AS pool, post
RETURN pool[0] AS kind, pool[1] AS lang, count(*) AS places, sum(post.wants) AS wants,
  count(CASE WHEN post.key < 1 OR post.key < timestamp() THEN 1 END) AS free, min(post.created) AS oldest
ORDER BY kind, lang;
