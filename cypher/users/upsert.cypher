// users/upsert: create a user, or change the fields that the request names.
//
// in    client        STRING          id of the API client
// in    method        STRING
// in    name          STRING
// in    display_name  STRING
// in    id            STRING          used when the user is new
// in    changes       MAP             any of enabled, show_on_leaderboard, notes, terms_accepted
// in    now           ZONED DATETIME
// out   user          MAP
// rows  maybe                   none when the user was merged into another meanwhile: try again
// cost  one seek
// mode  write
MERGE (user:User {client: $client, method: $method, name: $name})
  ON CREATE SET user.id = $id,
    <<users/new>>
SET user.display_name = $display_name
SET user += $changes
// A credit, even an empty one, makes the leaderboards read the user again.
FOREACH (_ IN CASE WHEN $changes = {} THEN [] ELSE [1] END | CREATE (:Credit {user: user.id, at: $now.epochMillis}))
WITH user WHERE user.id IS NOT NULL
RETURN user {.*} AS user;
