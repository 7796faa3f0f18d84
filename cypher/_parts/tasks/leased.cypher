// tasks/leased: the locked task with this id, its place, and what decides on its lease; `tasks/renewed` renews it.
// Dynamic property names read the values under the lock, and cost less than reading all properties.
OPTIONAL MATCH (task:Task {id: $task_id, client: $client})
OPTIONAL MATCH (task)-[:FOR]->(place:Post)
SET place:Post
SET task:Task
WITH task, place, ['ack', 'done', 'holder'] AS of_task, CASE task.kind
    WHEN 'decide_end' THEN ['vote_pool', 'votes_wanted', 'vote_key', 'LEASES_VOTE']
    ELSE ['pool', 'wants', 'key', 'LEASES']
  END AS of_place
WITH task, place, of_place, task[of_task[0]] AS ack, task[of_task[1]] AS done, task[of_task[2]] AS holder
