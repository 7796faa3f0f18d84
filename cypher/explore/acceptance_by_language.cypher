// explore/acceptance_by_language: posts that the reviews accepted and rejected, by language and role.
//
// in    lang       STRING   language of the posts; null for all
// out   lang       STRING   of the posts
// out   role       STRING
// out   posts      INTEGER  live ones
// out   accepted   INTEGER
// out   rejected   INTEGER
// out   undecided  INTEGER
// out   share      FLOAT    accepted of those with a verdict; null where none has one
// rows  many                the language and role with most posts first
// needs posts
// cost  scan of the posts: the whole graph is what is asked for
// mode  read
MATCH (post:Post)
WHERE NOT post.deleted AND ($lang IS NULL OR post.lang = $lang)
WITH post.lang AS lang, post.role AS role, count(*) AS posts, count(CASE WHEN post.accepted THEN 1 END) AS accepted,
  count(CASE WHEN NOT post.accepted THEN 1 END) AS rejected
RETURN lang, role, posts, accepted, rejected, posts - accepted - rejected AS undecided,
  CASE WHEN accepted + rejected > 0 THEN toFloat(accepted) / (accepted + rejected) END AS share
ORDER BY posts DESC, lang, role;
