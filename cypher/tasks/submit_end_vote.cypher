// tasks/submit_end_vote: store the vote that answers a task, and count the votes of the post.
//
// A vote is stored also when the post wants none any more; it then decides nothing.
//
// in    client        STRING          id of the API client
// in    method        STRING          how the frontend knows the user
// in    name          STRING          the frontend's name of the user
// in    display_name  STRING
// in    task_id       STRING          null where the task is named by a message id
// in    ack           STRING          a message id that the task was acknowledged with; null where the task is named by its id
// in    ends          BOOLEAN         whether the user says that the conversation ends at the post
// in    vote_id       STRING          id of the vote to write
// in    now           ZONED DATETIME
// in    now_ms        INTEGER         the same in epoch milliseconds
// out   outcome       STRING          stored, repeated, no_task, unknown_user, disabled, expired, done, not_yours, wrong_kind, self, voted
// out   task_id       STRING
// out   kind          STRING          of the task
// out   user_id       STRING
// out   expired       ZONED DATETIME  end of the task's validity
// out   tree_id       STRING
// out   post_id       STRING
// out   votes_for     INTEGER         votes that the conversation ends here
// out   votes_against INTEGER
// out   votes_wanted  INTEGER         votes that the post still wants; null: its vote is over
// rows  one
// cost  seeks for task and user; the votes of one post
// mode  write
<<tasks/named>>
OPTIONAL MATCH (task)-[:FOR]->(post:Post)
OPTIONAL MATCH (tree:Tree {id: post.tree})
OPTIONAL MATCH (user:User {client: $client, method: $method, name: $name})
SET tree:Tree
SET post:Post
SET task:Task
SET user:User
WITH task, post, tree, user, properties(task).done AS done, properties(post).votes_wanted AS wanted
OPTIONAL MATCH (task)-[:GAVE]->(given:EndVote) WHERE given.maker = user.id
WITH *,
  CASE
    WHEN task IS NULL THEN 'no_task'
    WHEN user IS NULL AND task.collective THEN 'unknown_user'
    WHEN given.ends = $ends THEN 'repeated'
    WHEN task.expires < $now THEN 'expired'
    WHEN done IS NOT NULL OR given IS NOT NULL THEN 'done'
    <<tasks/answerer>>
    WHEN task.kind <> 'decide_end' THEN 'wrong_kind'
    WHEN post.author = user.id THEN 'self'
    WHEN EXISTS { (:EndVote {key: user.id + ' ' + post.id}) } THEN 'voted'
    ELSE 'stored'
  END AS outcome
WITH *, CASE WHEN outcome = 'stored' THEN wanted - 1 ELSE wanted END AS votes_wanted
CALL (task, post, user, outcome, votes_wanted) {
  WITH * WHERE outcome = 'stored'
  CREATE (user)-[:MADE]->(vote:EndVote {
    id: $vote_id, key: user.id + ' ' + post.id, maker: user.id, ends: $ends, created: $now
  })-[:VOTES_ON]->(post)
  CREATE (task)-[:GAVE]->(vote)
  WITH task, post, user, votes_wanted
  <<tasks/finish>>
  WITH post, user, votes_wanted
  CALL (post, votes_wanted) {
    WITH * WHERE votes_wanted IS NOT NULL
    OPTIONAL MATCH (post)<-[lease:LEASES_VOTE]-(:Task) WHERE lease.until > $now_ms
    WITH post, votes_wanted, count(lease) AS live, min(lease.until) AS next_lapse
    SET post.votes_wanted = votes_wanted, post.vote_key = CASE WHEN live < votes_wanted THEN rand() ELSE next_lapse END
  }
  <<users/active>>
}
RETURN outcome, task.id AS task_id, task.kind AS kind, user.id AS user_id, task.expires AS expired,
  tree.id AS tree_id, post.id AS post_id, votes_wanted,
  COUNT { (post)<-[:VOTES_ON]-(:EndVote {ends: true}) } AS votes_for,
  COUNT { (post)<-[:VOTES_ON]-(:EndVote {ends: false}) } AS votes_against;
