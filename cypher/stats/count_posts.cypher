// stats/count_posts: the post counts of each language, for a full recount.
//
// out   lang             STRING
// out   trees            INTEGER  begun in it
// out   posts            INTEGER
// out   deleted          INTEGER
// out   human_prompter   INTEGER  live accepted ones that people wrote
// out   human_assistant  INTEGER
// rows  many                      one for each language
// cost  scan: every post is looked at
// mode  read
MATCH (post:Post)
RETURN post.lang AS lang, sum(CASE post.depth WHEN 0 THEN 1 ELSE 0 END) AS trees, count(*) AS posts,
  sum(CASE WHEN post.deleted THEN 1 ELSE 0 END) AS deleted,
  sum(CASE WHEN NOT post.deleted AND post.accepted AND NOT post.synthetic AND post.role = 'prompter' THEN 1 ELSE 0 END)
    AS human_prompter,
  sum(CASE WHEN NOT post.deleted AND post.accepted AND NOT post.synthetic AND post.role = 'assistant' THEN 1 ELSE 0 END)
    AS human_assistant;
