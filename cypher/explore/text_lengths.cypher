// explore/text_lengths: the length of texts, by language and role.
//
// It reads the first posts by id, a random sample where ids are random. Deleted and rejected posts are left out.
//
// in    lang                STRING   language of the posts; null for all
// in    posts               INTEGER  how many posts are looked at; null for 100000
// out   lang                STRING   of the posts
// out   role                STRING
// out   posts               INTEGER
// out   mean_characters     FLOAT
// out   p10_characters      FLOAT    a tenth of them has at most so many
// out   median_characters   FLOAT
// out   p90_characters      FLOAT
// out   longest_characters  INTEGER
// rows  many                         the language with most posts first
// needs posts
// cost  scan along the ids until there are enough posts
// mode  read
MATCH (post:Post)
WHERE post.id >= '' AND NOT post.deleted AND coalesce(post.accepted, true) AND ($lang IS NULL OR post.lang = $lang)
WITH post ORDER BY post.id LIMIT coalesce($posts, 100000)
WITH post.lang AS lang, post.role AS role, toFloat(size(post.text)) AS characters
RETURN lang, role, count(*) AS posts, avg(characters) AS mean_characters,
  percentileCont(characters, 0.1) AS p10_characters, percentileCont(characters, 0.5) AS median_characters,
  percentileCont(characters, 0.9) AS p90_characters, toInteger(max(characters)) AS longest_characters
ORDER BY posts DESC, lang, role;
