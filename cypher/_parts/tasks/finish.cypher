// tasks/finish: ends the lease of an answered task, and the task, unless it is collective.
CALL (task) { MATCH (task)-[own:LEASES|LEASES_VOTE]->() DELETE own }
SET task.done = CASE WHEN task.collective THEN null ELSE $now END,
  task.holder = CASE WHEN task.collective THEN task.holder END
