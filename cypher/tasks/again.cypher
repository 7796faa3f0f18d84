// tasks/again: a task as it was handed out, for a request that is sent again because its connection broke.
//
// in    task_id     STRING
// out   outcome     STRING     always handed_out
// out   user_id     STRING
// out   kind        STRING
// out   thread      LIST<MAP>  root first; empty for prompts
// out   candidates  LIST<MAP>  in the order shown
// out   form        MAP        for labels
// rows  maybe                  none when there is no such task
// cost  two seeks, one expand for each post of the thread
// mode  read
MATCH (task:Task {id: $task_id})<-[:TOOK]-(user:User)
CALL (task) {
  OPTIONAL MATCH (task)-[:FOR]->(:Post)-[:REPLY_TO]->{0,1000}(post:Post)
  WITH post ORDER BY post.depth
  RETURN collect(post {
    .*,
    reactions: [(post)<-[reaction:REACTED]-(who) | [reaction.emoji, who.id]]
  }) AS thread
}
CALL (task) {
  OPTIONAL MATCH (task)-[offer:OFFERED]->(post:Post)
  WITH post, offer ORDER BY offer.position
  RETURN collect(post {
    .*,
    reactions: [(post)<-[reaction:REACTED]-(who) | [reaction.emoji, who.id]]
  }) AS candidates
}
RETURN 'handed_out' AS outcome, user.id AS user_id, task.kind AS kind, thread, candidates,
  CASE WHEN task.labels IS NULL THEN null
    ELSE {mode: task.mode, disposition: task.disposition, labels: task.labels, mandatory: task.mandatory} END AS form;
