// posts/newest_hits: a page of posts in which words occur, the newest first.
//
// The index gives hits by its own measure and not by time. Up to 1000 are taken as they are and sorted. Of words that
// more posts have, the search walks through time from the newest post on, through windows of 1, 2, 4, 8, … hours, and
// stops when the page is full: what it reads grows with the page and the time between hits, not with all hits.
// It first waits until the index holds what was written before.
//
// in    index            STRING          the full-text index of the language
// in    words            STRING          query: what has to occur in the text
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
// in    with_user        BOOLEAN         whether to tell the author
// out   post             MAP
// out   user             MAP             null unless asked for
// rows  many                             newest first, by id where times are equal; none when all words are too common
// cost  three looks into the full-text index and up to 1000 posts; of common words up to 18 looks more and the hits of
//       the windows walked through, the last of which is as long as all before it
// mode  read
CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()
WITH $words AS words
CALL (words) {
  // Words that are all too common ask for nothing, and with them the scope alone would be left.
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
      AND NOT (post.created = $low AND post.id <= $low_id) AND NOT (post.created = $high AND post.id >= $high_id)
      AND ($authors IS NULL OR post.author IN $authors) AND ($client IS NULL OR post.client = $client)
      AND (NOT $only_roots OR post.depth = 0) AND ($include_deleted OR NOT post.deleted)
  RETURN post
  UNION ALL
  WITH words, $lang AS lang WHERE size(few) = 1000
  MATCH (post:Post) WHERE post.lang = lang AND post.created >= $low AND post.created <= $high
  WITH words, post.created AS start ORDER BY post.lang DESC, post.created DESC LIMIT 1
  UNWIND range(0, 17) AS i
  WITH words, start, 2 ^ i AS step
  WITH words, CASE WHEN step < 2 ^ 17 THEN format(start - duration({hours: toInteger(2 * step) - 2}), 'uuuuMMddHH')
      ELSE '0' END AS since,
    format(start - duration({hours: toInteger(step) - 1}), 'uuuuMMddHH') AS until
  CALL (words, since, until) {
    CALL db.index.fulltext.queryNodes($index, words + ' +hour:[' + since + ' TO ' + until + ']')
    YIELD node AS post
    WITH post
    WHERE post.lang = $lang AND post.created >= $low AND post.created <= $high
        AND NOT (post.created = $low AND post.id <= $low_id) AND NOT (post.created = $high AND post.id >= $high_id)
        AND ($authors IS NULL OR post.author IN $authors) AND ($client IS NULL OR post.client = $client)
        AND (NOT $only_roots OR post.depth = 0) AND ($include_deleted OR NOT post.deleted)
    RETURN post ORDER BY post.created DESC, post.id DESC LIMIT $limit
  }
  RETURN post LIMIT $limit
}
WITH post ORDER BY post.created DESC, post.id DESC LIMIT $limit
RETURN post {
    .*,
    parent: head([(post)-[:REPLY_TO]->(above) | above.id]),
    rankings: COUNT { (post)<-[:RANKED]-() },
    reactions: [(post)<-[reaction:REACTED]-(who) | [reaction.emoji, who.id]]
  } AS post,
  CASE WHEN $with_user THEN head([(post)<-[:WROTE]-(writer) | writer {.*}]) END AS user
ORDER BY post.created DESC, post.id DESC;
