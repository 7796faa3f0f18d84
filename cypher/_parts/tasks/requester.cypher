// tasks/requester: the user who requests a task, and why there is none for this user; counts the request.
WITH EXISTS { (:Task {id: $task_id}) } AS again
CALL (again) {
  WITH * WHERE NOT again
  <<tasks/quotas>>
  RETURN limited_until
}
MERGE (user:User {client: $client, method: $method, name: $name})
  ON CREATE SET user.id = $user_id, user.display_name = $display_name,
    <<users/new>>
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
