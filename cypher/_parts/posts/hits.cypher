// posts/hits: the posts of a page in which words occur, in the order of time (`ASC`, `turned` empty) or against it (`DESC`, `reverse`).
// The index orders hits by relevance, not by time. Up to 1000 hits are read and sorted. For more hits, the search goes day by
// day from one end, skips years and months without hits, and stops when the page is full: it reads the hits of the days
// that it shows, not all hits. It first waits until the index holds all earlier writes.
//
// in    index            STRING          the full-text index of the language
// in    words            STRING          query: words that the text contains
// in    scope            STRING          query: the language, and author and client where they are given
// in    authors          LIST<STRING>    user ids; null: of every author
// in    client           STRING          null: of every client
// in    lang             STRING
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
// rows  many                             in the order of time, by id where times are equal; none when all words are too common
// cost  three looks into the full-text index and up to 1000 posts; of common words one look more for each year, 12 for
//       each year with hits and 31 for each month with hits on the way, and the hits of the days looked at
// mode  read
CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()
WITH $words AS words
CALL (words) {
  // If all words are too common, the query would consist of the scope only.
  CALL db.index.fulltext.queryNodes($index, words, {limit: 1}) YIELD node
  RETURN count(node) AS known
}
WITH words + ' ' + $scope AS words WHERE known > 0
CALL (words) {
  CALL db.index.fulltext.queryNodes($index, words, {limit: 1000}) YIELD node
  RETURN collect(node) AS few
}
CALL (words, few) {
  WITH few WHERE size(few) < 1000
  UNWIND few AS post
  WITH post
  WHERE post.lang = $lang AND post.created >= $low AND post.created <= $high
      AND CASE post.created WHEN $low THEN post.id > $low_id ELSE true END
      AND CASE post.created WHEN $high THEN post.id < $high_id ELSE true END
      AND ($authors IS NULL OR post.author IN $authors) AND ($client IS NULL OR post.client = $client)
      AND (NOT $only_roots OR post.depth = 0) AND ($include_deleted OR NOT post.deleted)
  RETURN post
  UNION ALL
  WITH words, $lang AS lang WHERE size(few) = 1000
  CALL (lang) {
    MATCH (post:Post) USING INDEX post:Post(lang, created)
    WHERE post.lang = lang AND post.created >= $low AND post.created <= $high
    RETURN post.day AS since ORDER BY post.lang, post.created LIMIT 1
  }
  CALL (lang) {
    MATCH (post:Post) USING INDEX post:Post(lang, created)
    WHERE post.lang = lang AND post.created >= $low AND post.created <= $high
    RETURN post.day AS until ORDER BY post.lang DESC, post.created DESC LIMIT 1
  }
  UNWIND <<turned>>(range(toInteger(left(since, 4)), toInteger(left(until, 4)))) AS number
  WITH words, since, until, right('000' + number, 4) AS year
  CALL (words, year) {
    CALL db.index.fulltext.queryNodes($index, words + ' +day:' + year + '*', {limit: 1}) YIELD node
    RETURN count(node) AS hits
  }
  WITH * WHERE hits > 0
  UNWIND <<turned>>(range(1, 12)) AS number
  WITH words, since, until, year + right('0' + number, 2) AS month
  WHERE month >= left(since, 6) AND month <= left(until, 6)
  CALL (words, month) {
    CALL db.index.fulltext.queryNodes($index, words + ' +day:' + month + '*', {limit: 1}) YIELD node
    RETURN count(node) AS hits
  }
  WITH * WHERE hits > 0
  UNWIND <<turned>>(range(1, 31)) AS number
  WITH words, since, until, month + right('0' + number, 2) AS day
  WHERE day >= since AND day <= until
  CALL (words, day) {
    CALL db.index.fulltext.queryNodes($index, words + ' +day:' + day)
    YIELD node AS post
    WITH post
    WHERE post.lang = $lang AND post.created >= $low AND post.created <= $high
        AND CASE post.created WHEN $low THEN post.id > $low_id ELSE true END
        AND CASE post.created WHEN $high THEN post.id < $high_id ELSE true END
        AND ($authors IS NULL OR post.author IN $authors) AND ($client IS NULL OR post.client = $client)
        AND (NOT $only_roots OR post.depth = 0) AND ($include_deleted OR NOT post.deleted)
    RETURN post ORDER BY post.created <<order>>, post.id <<order>> LIMIT $limit
  }
  RETURN post LIMIT $limit
}
WITH post ORDER BY post.created <<order>>, post.id <<order>> LIMIT $limit
