// tasks/submit_ranking: store the ranking that answers a task.
//
// in    client        STRING          id of the API client
// in    method        STRING          how the frontend knows the user
// in    name          STRING          the frontend's name of the user
// in    display_name  STRING
// in    task_id       STRING          null where the task is named by a message id
// in    ack           STRING          a message id that the task was acknowledged with; null where the task is named by its id
// in    order         LIST<INTEGER>   positions of the candidates as shown, best first
// in    not_rankable  BOOLEAN         whether the user says that all candidates are bad
// in    ranking_id    STRING          id of the ranking to write
// in    now           ZONED DATETIME
// in    now_ms        INTEGER         the same in epoch milliseconds
// out   outcome       STRING          stored, repeated, no_task, unknown_user, disabled, expired, done, not_yours, wrong_kind, not_permuted, corrupt, ranked
// out   task_id       STRING
// out   kind          STRING          of the task
// out   user_id       STRING
// out   expired       ZONED DATETIME  end of the task's validity
// out   tree_id       STRING          null when prompts were ranked
// out   candidates    INTEGER         number of candidates
// out   ranked        LIST<STRING>    ids, best first
// rows  one
// cost  seeks for task and user; the candidates of one task
// mode  write
<<tasks/named>>
OPTIONAL MATCH (task)-[:FOR]->(parent:Post)
OPTIONAL MATCH (tree:Tree {id: parent.tree})
OPTIONAL MATCH (user:User {client: $client, method: $method, name: $name})
SET tree:Tree
SET parent:Post
SET task:Task
SET user:User
WITH task, parent, tree, user, properties(task).done AS done
OPTIONAL MATCH (task)-[offer:OFFERED]->(candidate:Post)
WITH task, parent, tree, user, done, offer, candidate ORDER BY candidate.id
SET candidate:Post
WITH task, parent, tree, user, done, offer, candidate ORDER BY offer.position
WITH task, parent, tree, user, done, collect(candidate) AS shown
OPTIONAL MATCH (task)-[:GAVE]->(given:Ranking) WHERE given.maker = user.id
WITH task, parent, tree, user, done, shown, given,
  CASE WHEN parent IS NULL THEN task.id ELSE parent.id END AS ranked_at,
  [i IN $order WHERE 0 <= i < size(shown) | shown[i]] AS ranked
WITH *,
  CASE
    WHEN task IS NULL THEN 'no_task'
    WHEN user IS NULL AND task.collective THEN 'unknown_user'
    WHEN given.order = $order AND given.not_rankable = $not_rankable THEN 'repeated'
    WHEN task.expires < $now THEN 'expired'
    WHEN done IS NOT NULL OR given IS NOT NULL THEN 'done'
    <<tasks/answerer>>
    WHEN NOT task.kind STARTS WITH 'rank' THEN 'wrong_kind'
    WHEN size($order) <> size(shown) OR any(i IN range(0, size(shown) - 1) WHERE NOT i IN $order) THEN 'not_permuted'
    WHEN parent IS NOT NULL AND any(each IN shown WHERE each.deleted OR NOT EXISTS { (each)-[:REPLY_TO]->(parent) })
      THEN 'corrupt'
    WHEN EXISTS { (:Ranking {key: user.id + ' ' + ranked_at}) } THEN 'ranked'
    ELSE 'stored'
  END AS outcome
CALL (task, parent, user, ranked, ranked_at, outcome) {
  WITH * WHERE outcome = 'stored'
  CREATE (user)-[:MADE]->(ranking:Ranking {
    id: $ranking_id, key: user.id + ' ' + ranked_at, maker: user.id, order: $order, not_rankable: $not_rankable, created: $now
  })<-[:GAVE]-(task)
  FOREACH (above IN CASE WHEN parent IS NULL THEN [] ELSE [parent] END | CREATE (ranking)-[:UNDER]->(above))
  FOREACH (i IN range(0, size(ranked) - 1) |
    FOREACH (post IN [ranked[i]] | CREATE (ranking)-[:RANKED {position: i}]->(post)))
  CREATE (:Credit {user: user.id, at: ranking.created.epochMillis, rankings_total: 1})
  // The places of a ranking count at once; the consensus follows later.
  FOREACH (i IN [i IN range(0, size(ranked) - 1) WHERE i < 3 AND parent IS NOT NULL AND ranked[i].author IS NOT NULL] |
    FOREACH (post IN [ranked[i]] | CREATE (:Credit {
      user: post.author, at: ranking.created.epochMillis, reply_ranked_1: CASE i WHEN 0 THEN 1 END,
      reply_ranked_2: CASE i WHEN 1 THEN 1 END, reply_ranked_3: CASE i WHEN 2 THEN 1 END
    })))
  WITH task, parent, user
  <<tasks/finish>>
  WITH parent, user
  CALL (parent) {
    WITH parent, properties(parent).pool AS pool, properties(parent).wants - 1 AS wants WHERE pool STARTS WITH 'rank'
    OPTIONAL MATCH (parent)<-[lease:LEASES]-(:Task) WHERE lease.until > $now_ms
    WITH parent, pool, wants, count(lease) AS live, min(lease.until) AS next_lapse
    <<wants/counted_down post=parent>>
  }
  <<users/active>>
}
RETURN outcome, task.id AS task_id, task.kind AS kind, user.id AS user_id, task.expires AS expired,
  tree.id AS tree_id, size(shown) AS candidates, [each IN ranked | each.id] AS ranked;
