// tasks/lease_prompts_to_rank: draws prompts that wait for the lottery and that the user neither wrote nor ranked.
//
// No place is reserved: one ranking too many of a prompt only makes its rating better.
//
// in    user_id     STRING
// in    client      STRING          id of the API client
// in    lang        STRING
// in    pool        STRING          where waiting prompts stand
// in    from        FLOAT           in [0, 1): where in the pool to begin
// in    count       INTEGER         how many prompts to show; at least 2 are
// in    task_id     STRING          id of the task to write
// in    now         ZONED DATETIME
// in    expires     ZONED DATETIME  end of the task's validity; null for ever
// in    collective  BOOLEAN
// in    policy      STRING          kept on the task
// in    duplicate   BOOLEAN         whether prompts that the user ranked before may come again
// in    self        BOOLEAN         whether own prompts may be ranked
// out   candidates  LIST<MAP>       in the order shown; empty when fewer than two were found
// rows  maybe                   none when the user is no more
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
  WHERE ($self OR coalesce(post.author, '') <> user.id)
    AND ($duplicate OR NOT EXISTS { (post)<-[:RANKED]-(:Ranking {maker: user.id}) })
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
    holder: user.id, collective: $collective, policy: $policy
  })
  WITH user, task, posts
  UNWIND range(0, size(posts) - 1) AS i
  WITH user, task, posts[i] AS post, i
  CREATE (task)-[:OFFERED {position: i}]->(post)
  // The lottery may just have drawn it: then its key means something else.
  SET post.key = CASE WHEN properties(post).pool = $pool THEN rand() ELSE properties(post).key END
  RETURN collect(post {
    .*,
    reactions: [(post)<-[reaction:REACTED]-(who) | [reaction.emoji, who.id]]
  }) AS candidates
}
RETURN coalesce(candidates, []) AS candidates;
