// tasks/lease_prompts_to_rank: draw prompts in the lottery that the user neither wrote nor ranked, and write the task.
//
// No place is leased: an extra ranking of a prompt only improves its rating.
//
// in    user_id     STRING
// in    client      STRING          id of the API client
// in    lang        STRING
// in    pool        STRING          pool of the waiting prompts
// in    from        FLOAT           in [0, 1): start in the pool
// in    count       INTEGER         number of prompts to show, at least 2
// in    task_id     STRING          id of the task to write
// in    request_hash STRING         of the request with its idempotency key; null without a key
// in    now         ZONED DATETIME
// in    expires     ZONED DATETIME  end of the task's validity; null: never
// in    collective  BOOLEAN
// in    guideline   STRING          id of the guideline that the task shows; null: none
// in    allow       MAP             self_ranking, duplicate_tasks BOOLEAN: rules to leave out
// out   candidates  LIST<MAP>       in the order shown; empty when fewer than two were found
// rows  maybe                   none when the user no longer exists
// cost  an index seek and at most 64 prompts
// mode  write
MATCH (user:User {id: $user_id})
CALL (user) {
  CALL (user) {
    MATCH (post:Post) WHERE post.pool = $pool AND post.key >= $from
    RETURN post ORDER BY post.pool, post.key LIMIT 32
    UNION ALL
    MATCH (post:Post) WHERE post.pool = $pool AND post.key < $from
    RETURN post ORDER BY post.pool, post.key LIMIT 32
  }
  WITH user, post LIMIT 32
  WHERE
    <<tasks/eligible_prompt post=post>>
  WITH post ORDER BY rand() LIMIT $count
  RETURN collect(post) AS posts
}
OPTIONAL CALL (user, posts) {
  WITH * WHERE size(posts) > 1
  CALL (posts) {
    UNWIND posts AS post
    WITH post ORDER BY post.id
    SET post:Post
  }
  SET user:User
  CREATE (user)-[:TOOK]->(task:Task {
    id: $task_id, kind: 'rank_initial_prompts', client: $client, lang: $lang, created: $now, expires: $expires,
    holder: user.id, collective: $collective, guideline: $guideline, request_hash: $request_hash
  })
  WITH user, task, posts
  UNWIND range(0, size(posts) - 1) AS i
  WITH user, task, posts[i] AS post, i
  CREATE (task)-[:OFFERED {position: i}]->(post)
  // The lottery may have drawn the prompt meanwhile; then its key belongs to another pool.
  SET post.key = CASE WHEN properties(post).pool = $pool THEN rand() ELSE properties(post).key END
  RETURN collect(post {
    <<posts/fields>>
  }) AS candidates
}
RETURN coalesce(candidates, []) AS candidates;
