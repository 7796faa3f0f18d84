// users/upsert: creates a user, or stores what the request changes of one.
//
// in    client        STRING          id of the API client
// in    method        STRING
// in    name          STRING
// in    display_name  STRING
// in    id            STRING          used when the user is new
// in    changes       MAP             any of enabled, show_on_leaderboard, notes, terms_accepted
// in    now           ZONED DATETIME
// out   user          MAP
// rows  maybe                   none when the user was merged into another just now: ask again
// cost  one seek
// mode  write
MERGE (user:User {client: $client, method: $method, name: $name})
  ON CREATE SET user.id = $id, user.enabled = true, user.deleted = false, user.notes = '',
    user.show_on_leaderboard = $method <> 'system', user.created = $now,
    user.terms_accepted = CASE WHEN $method = 'system' THEN $now END, user.last_activity = $now, user.streak_start = $now
SET user.display_name = $display_name
SET user += $changes
// Boards look at a user again for whom there is a credit, even one of nothing.
FOREACH (_ IN CASE WHEN $changes = {} THEN [] ELSE [1] END | CREATE (:Credit {user: user.id, at: $now.epochMillis}))
WITH user WHERE user.id IS NOT NULL
RETURN user {.*} AS user;
