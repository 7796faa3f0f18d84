// tasks/handed_out: a task as it was handed out: its thread, candidates, form and guideline, and the end of its lease.
// `lease_until` is null for a task that holds no place at `now_ms`.
CALL (task) {
  OPTIONAL MATCH (task)-[:FOR]->(:Post)-[:REPLY_TO]->{0,1000}(post:Post)
  WITH post ORDER BY post.depth
  RETURN collect(post {
    <<posts/fields>>
  }) AS thread
}
CALL (task) {
  OPTIONAL MATCH (task)-[offer:OFFERED]->(post:Post)
  WITH post, offer ORDER BY offer.position
  RETURN collect(post {
    <<posts/fields>>
  }) AS candidates
}
CALL (task) {
  OPTIONAL MATCH (task)-[lease:LEASES|LEASES_VOTE]->(:Post) WHERE lease.until > $now_ms AND NOT task.collective
  RETURN max(lease.until) AS lease_until
}
CALL (task) {
  RETURN CASE WHEN task.labels IS NULL THEN null
    ELSE {mode: task.mode, disposition: task.disposition, labels: task.labels, mandatory: task.mandatory} END AS form
}
CALL (task) {
  OPTIONAL MATCH (guideline:Guideline {id: task.guideline})
  RETURN guideline {.id, .kind, .lang, .version, .short, .created} AS guideline
}
