// tasks/reserve: takes the place under its lock, and writes the task with its thread and its candidates.
// `pool`, `wants` and `key` are the properties of the place, and `lease` is the type of its leases.
WITH user, limited_until, standing, place, kind, policy, weight
OPTIONAL CALL (user, place, kind, policy, weight) {
  WITH * WHERE place IS NOT NULL
  WITH user, place, kind, policy, weight, place.<<pool>> AS pool, ['<<pool>>', '<<wants>>', 'enabled', 'deleted'] AS fresh
  MATCH (tree:Tree {id: place.tree})
  // Setting a label that the node has takes the write lock and changes nothing. Values checked after that must be read
  // from the store: a plain property may be older than the lock, and so may properties() where the index gave the value; a
  // property with a dynamic name is not. Every statement locks the tree, then the place, then the user, so no two wait for
  // each other. A node is locked before its edges are changed, since edges have locks of their own.
  SET tree:Tree
  SET place:Post
  SET user.display_name = $display_name
  WITH user, place, kind, policy, weight, pool, place[fresh[0]] AS held_pool, place[fresh[1]] AS wants,
    user[fresh[2]] AND NOT user[fresh[3]] AS welcome
  WHERE held_pool = pool AND welcome
  OPTIONAL MATCH (place)<-[lease:<<lease>>]-(other:Task)
  WITH user, place, kind, policy, weight, wants, collect(lease) AS leases,
    [each IN collect({until: lease.until, holder: other.holder}) WHERE each.until > $now_ms] AS held
  WITH user, place, kind, policy, weight, wants, leases, [each IN held | each.until] AS live, held
  WHERE size(live) < wants AND NOT user.id IN [each IN held | each.holder]
    AND CASE WHEN $model IS NULL THEN true ELSE
      <<tasks/left_to_people post=place wants=wants>>
    END
  FOREACH (each IN [each IN leases WHERE each.until <= $now_ms] | DELETE each)
  SET place.<<key>> = CASE
    WHEN size(live) + 1 < wants THEN rand()
    ELSE reduce(first = $until_ms, each IN live | CASE WHEN each < first THEN each ELSE first END)
  END
  CREATE (user)-[:TOOK]->(task:Task {
    id: $task_id, kind: kind, client: $client, lang: $lang, created: $now, expires: $expires, holder: user.id,
    collective: $collective, model_name: $model, policy: policy, weight: weight, mode: $forms[kind].mode, disposition: $forms[kind].disposition,
    labels: $forms[kind].labels, mandatory: $forms[kind].mandatory, guideline: $guidelines[kind], request_hash: $request_hash
  })-[:FOR]->(place)
  CREATE (task)-[:<<lease>> {until: $until_ms}]->(place)
  WITH user, place, kind, task
  CALL (place) {
    MATCH (place)-[:REPLY_TO]->{0,1000}(post:Post)
    WITH post ORDER BY post.depth
    RETURN collect(post {
      <<posts/fields>>
    }) AS thread
  }
  CALL (place, kind, task) {
    WITH * WHERE kind STARTS WITH 'rank'
    MATCH (post:Post)-[:REPLY_TO]->(place) WHERE post.accepted AND NOT post.deleted
    WITH task, post ORDER BY post.id
    WITH task, collect(post) AS posts
    UNWIND range(0, size(posts) - 1) AS i
    WITH task, posts[i] AS post ORDER BY $shuffle[i % size($shuffle)], i
    WITH task, collect(post) AS posts
    UNWIND range(0, size(posts) - 1) AS i
    WITH task, posts[i] AS post, i
    CREATE (task)-[:OFFERED {position: i}]->(post)
    RETURN collect(post {
      <<posts/fields>>
    }) AS candidates
  }
  RETURN thread, candidates
}
RETURN user.id AS user_id, limited_until, kind, thread, candidates, $forms[kind] AS form,
  CASE
    WHEN standing <> 'ok' THEN standing
    WHEN place IS NULL THEN 'nothing'
    WHEN thread IS NULL THEN 'lost'
    ELSE 'handed_out'
  END AS outcome
