// explore/duplicate_texts: texts that several posts have.
//
// Texts are compared exactly.
//
// in    lang      STRING   language of the posts; null for all
// in    at_least  INTEGER  characters of a text; null for 20
// out   text      STRING
// out   posts     INTEGER  live ones that have it
// out   trees     INTEGER  different ones
// out   authors   INTEGER  different ones, the system left out
// out   first     STRING   id of the first of them by id
// rows  many               the most frequent first
// needs posts
// cost  scan, heavy: of the posts' texts, each kept in memory; sorts those that recur; narrow it by language
// mode  read
MATCH (post:Post)
WHERE NOT post.deleted AND ($lang IS NULL OR post.lang = $lang) AND size(post.text) >= coalesce($at_least, 20)
WITH post.text AS text, collect(post) AS same
WHERE size(same) > 1
CALL (same) {
  UNWIND same AS post
  RETURN count(DISTINCT post.tree) AS trees, count(DISTINCT post.author) AS authors, min(post.id) AS first
}
RETURN text, size(same) AS posts, trees, authors, first
ORDER BY posts DESC, first;
