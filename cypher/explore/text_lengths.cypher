// explore/text_lengths: how long texts are, by language and role.
//
// Looks at the first posts by id, which is as good as a draw where ids are made at random. Posts that are deleted or
// rejected are left out.
//
// in    lang     STRING   language of the posts; null for all
// in    posts    INTEGER  how many posts are looked at; null for 100000
// out   lang     STRING   of the posts
// out   role     STRING
// out   posts    INTEGER
// out   mean     FLOAT    characters
// out   p10      FLOAT    characters
// out   median   FLOAT    characters
// out   p90      FLOAT    characters
// out   longest  INTEGER  characters
// rows  many              the language with most posts first
// cost  scan along the ids until there are enough posts
// mode  read
MATCH (post:Post)
WHERE post.id >= '' AND NOT post.deleted AND coalesce(post.accepted, true) AND ($lang IS NULL OR post.lang = $lang)
WITH post ORDER BY post.id LIMIT coalesce($posts, 100000)
WITH post.lang AS lang, post.role AS role, toFloat(size(post.text)) AS characters
RETURN lang, role, count(*) AS posts, avg(characters) AS mean, percentileCont(characters, 0.1) AS p10,
  percentileCont(characters, 0.5) AS median, percentileCont(characters, 0.9) AS p90,
  toInteger(max(characters)) AS longest
ORDER BY posts DESC, lang, role;
