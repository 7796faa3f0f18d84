// posts/uneditable: why the author of a post can no longer change it; `stored` holds its properties.
WHEN <<stored>>.created < $since THEN 'too_late'
WHEN <<stored>>.accepted IS NOT NULL OR <<stored>>.ended IS NOT NULL
  OR EXISTS { (post)<-[:OF|ABOUT|RANKED|VOTES_ON|REACTED]-() } THEN 'judged'
WHEN EXISTS { (post)<-[:REPLY_TO]-(:Post) } THEN 'answered'
WHEN EXISTS {
  (post)<-[:FOR|OFFERED]-(task:Task)
  WHERE task.holder <> <<stored>>.author AND (task.expires IS NULL OR task.expires > $now)
} THEN 'shown'
