// tasks/lease: finds an open place for a user, reserves it, and writes the task, in one go.
//
// A place is a post that wants something: `pool` says what and in which language, `key` is a random number in [0, 1)
// while one more person may be given the place, else the end of the earliest reservation in epoch milliseconds.
// The draws are tried in order. A pool of up to 32 places is in hand as a whole; a larger one is looked at through
// windows of `key`, each with 32 slots of which one is drawn, empty or not: so every place has the same chance, whatever
// the gaps between keys. What was drawn is kept with a probability that is its weight. Last, without weights, comes
// whatever is at hand: `nothing` is said only when that holds nothing for the user. Weighed by threads, a place of more
// than 16 threads counts as one of 16: weights are at most 1.
// Ask again when the outcome is `lost`: somebody else was quicker.
//
// Before all that the request is counted against its quotas, in windows that begin with the first request behind the
// last window. One that finds a quota full counts nowhere, and gets nothing. The quotas are locked first and by nothing
// else, in the order given. What a crash has left half written begins a new window.
//
// in    quotas        LIST<MAP>       each {id STRING, limit INTEGER, until_ms INTEGER: end of a window that begins now}; none when asked again for one request
// in    client        STRING          id of the API client
// in    method        STRING          how the frontend knows the user
// in    name          STRING          the frontend's name of the user
// in    display_name  STRING          stored when it changed
// in    user_id       STRING          used when the user is new
// in    need_terms    BOOLEAN         whether accepted terms are required
// in    span_start    ZONED DATETIME  open tasks since then count against max_pending
// in    max_pending   INTEGER
// in    draws         LIST<MAP>       each {pools LIST<STRING>, tries INTEGER, lapsed_first BOOLEAN, by_depth and by_rank LIST<FLOAT>: weights, at most 1; empty: all 1, by_thread BOOLEAN: weigh by threads}
// in    allow         MAP             self_labeling, self_ranking, duplicate_tasks BOOLEAN: rules to leave out
// in    forms         MAP             by task kind: {mode, disposition, labels, mandatory}
// in    shuffle       LIST<FLOAT>     orders the candidates of a ranking
// in    task_id       STRING          id of the task to write
// in    now           ZONED DATETIME
// in    now_ms        INTEGER         the same in epoch milliseconds
// in    until_ms      INTEGER         end of the reservation in epoch milliseconds
// in    expires       ZONED DATETIME  end of the task's validity; null for ever
// in    collective    BOOLEAN
// in    policy        STRING          kept on the task, so that samples can be weighed again later
// in    lang          STRING
// out   outcome       STRING          handed_out, again (the task is there already), limited, lost, nothing, disabled, terms, pending
// out   limited_until INTEGER         in epoch milliseconds, when the window of a full quota ends; null: none is full
// out   user_id       STRING
// out   kind          STRING          of the task; null unless handed_out
// out   thread        LIST<MAP>       root first; null unless handed_out
// out   candidates    LIST<MAP>       in the order shown
// out   form          MAP             for labels
// rows  one
// cost  a seek for each quota, a few for each pool tried, then one expand for each post of the thread
// mode  write
WITH EXISTS { (:Task {id: $task_id}) } AS again
CALL (again) {
  WITH * WHERE NOT again
  UNWIND $quotas AS given
  MERGE (quota:Quota {id: given.id})
  SET quota:Quota
  WITH given, quota, properties(quota) AS stored
  WITH given, quota, stored.until AS until, CASE WHEN stored.until > $now_ms THEN stored.count END AS count
  WITH collect({
    quota: quota, full: coalesce(count >= given.limit, false), count: coalesce(count, 0) + 1,
    until: CASE WHEN count IS NULL THEN given.until_ms ELSE until END
  }) AS counted
  WITH counted, reduce(latest = null, each IN counted | CASE
    WHEN each.full AND (latest IS NULL OR each.until > latest) THEN each.until ELSE latest END) AS limited_until
  FOREACH (each IN CASE WHEN limited_until IS NULL THEN counted ELSE [] END |
    SET (each.quota).count = each.count, (each.quota).until = each.until)
  RETURN limited_until
}
MERGE (user:User {client: $client, method: $method, name: $name})
  ON CREATE SET user.id = $user_id, user.display_name = $display_name, user.enabled = true, user.deleted = false,
    user.notes = '', user.show_on_leaderboard = $method <> 'system', user.created = $now,
    user.terms_accepted = CASE WHEN $method = 'system' THEN $now END, user.last_activity = $now, user.streak_start = $now
FOREACH (_ IN CASE WHEN user.display_name <> $display_name THEN [1] ELSE [] END |
  SET user.display_name = $display_name)
WITH user, limited_until,
  CASE
    WHEN again THEN 'again'
    WHEN limited_until IS NOT NULL THEN 'limited'
    WHEN user.deleted OR NOT user.enabled THEN 'disabled'
    WHEN $need_terms AND user.terms_accepted IS NULL THEN 'terms'
    WHEN COUNT { MATCH (open:Task) WHERE open.holder = user.id AND open.created >= $span_start } >= $max_pending
      THEN 'pending'
    ELSE 'ok'
  END AS standing
OPTIONAL CALL (user, standing) {
  WITH * WHERE standing = 'ok'
  UNWIND $draws AS draw
  CALL (user, draw) {
    // What is at the lower end of each pool: free places, or, where those run out, reservations that have lapsed.
    UNWIND draw.pools AS pool
    CALL (pool) {
      MATCH (place:Post) WHERE place.pool = pool AND place.key < $now_ms
      WITH place ORDER BY place.pool, place.key LIMIT 33
      RETURN collect(place) AS low
    }
    WITH draw, collect(low) AS lows,
      sum(CASE WHEN size(low) < 33 OR low[32].key >= 1 THEN size(low) ELSE 33 / low[32].key END) AS estimate
    WITH draw, reduce(all = [], low IN lows | all + low) AS low, all(low IN lows WHERE size(low) < 33) AS small,
      CASE WHEN estimate > 16 THEN 16.0 / estimate ELSE 1.0 END AS width
    CALL (draw, low, small, width) {
      WITH * WHERE draw.lapsed_first
      UNWIND draw.pools AS pool
      CALL (pool) {
        MATCH (place:Post) WHERE place.pool = pool AND place.key >= 1 AND place.key < $now_ms
        RETURN place ORDER BY place.pool, place.key LIMIT 4
      }
      RETURN place, 0.0 AS luck
      UNION ALL
      WITH * WHERE small
      UNWIND range(1, draw.tries) AS attempt
      WITH low[toInteger(rand() * size(low))] AS place WHERE place IS NOT NULL
      RETURN place, rand() AS luck
      UNION ALL
      WITH * WHERE NOT small
      UNWIND range(1, draw.tries) AS attempt
      WITH draw, width, rand() * (1 + width) - width AS floor, toInteger(rand() * 32) AS slot
      CALL (draw, width, floor, slot) {
        UNWIND draw.pools AS pool
        CALL (pool, width, floor) {
          MATCH (place:Post)
          WHERE place.pool = pool AND place.key >= floor AND place.key < floor + width AND place.key < 1
          RETURN place ORDER BY place.pool, place.key LIMIT 32
        }
        RETURN collect(place)[slot] AS place
      }
      WITH place WHERE place IS NOT NULL
      RETURN place, rand() AS luck
      UNION ALL
      UNWIND low AS place
      WITH place ORDER BY rand()
      RETURN place, 0.0 AS luck
    }
    WITH user, draw, place, luck, 
      CASE WHEN draw.by_depth = [] THEN 1.0 ELSE coalesce(draw.by_depth[place.depth], 0.0) END *
      CASE WHEN draw.by_rank = [] THEN 1.0 ELSE coalesce(draw.by_rank[coalesce(place.rank, 0)], 0.0) END *
      CASE WHEN draw.by_thread THEN reduce(sum = 0.0, open IN COLLECT {
        MATCH (leaf:Post)-[:REPLY_TO]->{0,1000}(place)
        WHERE NOT leaf.deleted AND coalesce(leaf.accepted, true) AND NOT EXISTS {
          (leaf)<-[:REPLY_TO]-(reply:Post) WHERE NOT reply.deleted AND coalesce(reply.accepted, true) }
        RETURN COUNT { (leaf)-[:REPLY_TO]->{0,1000}(other:Post) WHERE other.pool IN draw.pools }
      } | sum + 0.0625 / open) ELSE 1.0 END AS weight
    WHERE luck = 0.0 OR luck < weight
    WITH place, split(place.pool, ' ')[0] AS kind
    // Walked from the place or sought by key, never from the user, whose history grows without end.
    WHERE CASE
        WHEN kind STARTS WITH 'label' THEN
          ($allow.self_labeling OR coalesce(place.author, '') <> user.id)
          AND NOT EXISTS { (:Review {key: user.id + ' ' + place.id}) }
        WHEN kind STARTS WITH 'rank' THEN
          ($allow.self_ranking OR NOT EXISTS {
            (place)<-[:REPLY_TO]-(own:Post {author: user.id}) WHERE own.accepted AND NOT own.deleted })
          AND NOT EXISTS { (:Ranking {key: user.id + ' ' + place.id}) }
        ELSE $allow.duplicate_tasks OR NOT EXISTS { (:Post {reply_key: user.id + ' ' + place.id}) }
      END
      AND NOT EXISTS {
        (user)-[skip:REACTED]->(place)
        WHERE skip.emoji = CASE
          WHEN kind STARTS WITH 'label' THEN '_skip_labeling'
          WHEN kind STARTS WITH 'rank' THEN '_skip_ranking'
          ELSE '_skip_reply'
        END
      }
      AND NOT EXISTS { (place)<-[held:LEASES]-(:Task {holder: user.id}) WHERE held.until > $now_ms }
    RETURN place, kind LIMIT 1
  }
  RETURN place, kind LIMIT 1
}
WITH user, limited_until, standing, place, kind
OPTIONAL CALL (user, place, kind) {
  WITH * WHERE place IS NOT NULL
  WITH user, place, kind, place.pool AS pool, ['pool', 'wants', 'enabled', 'deleted'] AS fresh
  MATCH (tree:Tree {id: place.tree})
  // Setting a label that is there takes the write lock and changes nothing. What is checked after it has to come from the
  // store: a plain property may be from before the lock, and so may properties() where the index gave the property; a
  // property by a dynamic name is not. Tree first, then place, then user, as everywhere: nobody waits for somebody who
  // waits for him. And a node is locked before its edges are touched, for those have locks of their own.
  SET tree:Tree
  SET place:Post
  SET user.display_name = $display_name
  WITH user, place, kind, pool, place[fresh[0]] AS held_pool, place[fresh[1]] AS wants,
    user[fresh[2]] AND NOT user[fresh[3]] AS welcome
  WHERE held_pool = pool AND welcome
  OPTIONAL MATCH (place)<-[lease:LEASES]-(other:Task)
  WITH user, place, kind, wants, collect(lease) AS leases,
    [each IN collect({until: lease.until, holder: other.holder}) WHERE each.until > $now_ms] AS held
  WITH user, place, kind, wants, leases, [each IN held | each.until] AS live, held
  WHERE size(live) < wants AND NOT user.id IN [each IN held | each.holder]
  FOREACH (each IN [each IN leases WHERE each.until <= $now_ms] | DELETE each)
  SET place.key = CASE
    WHEN size(live) + 1 < wants THEN rand()
    ELSE reduce(first = $until_ms, each IN live | CASE WHEN each < first THEN each ELSE first END)
  END
  CREATE (user)-[:TOOK]->(task:Task {
    id: $task_id, kind: kind, client: $client, lang: $lang, created: $now, expires: $expires, holder: user.id,
    collective: $collective, policy: $policy, mode: $forms[kind].mode, disposition: $forms[kind].disposition,
    labels: $forms[kind].labels, mandatory: $forms[kind].mandatory
  })-[:FOR]->(place)
  CREATE (task)-[:LEASES {until: $until_ms}]->(place)
  WITH user, place, kind, task
  CALL (place) {
    MATCH (place)-[:REPLY_TO]->{0,1000}(post:Post)
    WITH post ORDER BY post.depth
    RETURN collect(post {
      .*,
      reactions: [(post)<-[reaction:REACTED]-(who) | [reaction.emoji, who.id]]
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
      .*,
      reactions: [(post)<-[reaction:REACTED]-(who) | [reaction.emoji, who.id]]
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
  END AS outcome;
