// explore/reply_latency: how long posts wait for the replies of people.
//
// Posts of a file without dates are left out.
//
// in    lang          STRING   language of the tree; null for all
// out   role          STRING   of the reply
// out   depth         INTEGER  of the reply
// out   replies       INTEGER
// out   p10_hours     FLOAT    within which a tenth of them came
// out   median_hours  FLOAT
// out   p90_hours     FLOAT
// rows  many                   by role and depth
// needs dated posts
// cost  scan of the replies, and of what they answer
// mode  read
MATCH (reply:Post)-[:REPLY_TO]->(post:Post)
WHERE ($lang IS NULL OR EXISTS { (:Tree {id: reply.tree, lang: $lang}) })
  AND NOT reply.synthetic AND NOT 'created_date' IN coalesce(reply.left_out, [])
WITH reply.role AS role, reply.depth AS depth,
  (reply.created.epochMillis - post.created.epochMillis) / 3600000.0 AS hours
RETURN role, depth, count(*) AS replies, percentileCont(hours, 0.1) AS p10_hours,
  percentileCont(hours, 0.5) AS median_hours, percentileCont(hours, 0.9) AS p90_hours
ORDER BY role, depth;
