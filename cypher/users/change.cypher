// users/change: changes a user whom an operator names; boards look at him again when it changes who is on them.
//
// in    id       STRING
// in    changes  MAP      any of display_name, enabled, notes, show_on_leaderboard, terms_accepted
// in    now_ms   INTEGER  epoch milliseconds
// out   user     MAP      as it is now
// out   away     BOOLEAN  whether he was disabled or deleted before
// rows  maybe             none when there is no such user
// cost  one seek
// mode  write
MATCH (user:User {id: $id})
SET user:User
WITH user, properties(user) AS before WHERE user.id IS NOT NULL
SET user += $changes
FOREACH (_ IN CASE WHEN before.enabled <> properties(user).enabled
    OR before.show_on_leaderboard <> properties(user).show_on_leaderboard THEN [1] ELSE [] END |
  CREATE (:Credit {user: user.id, at: $now_ms}))
RETURN user {.*} AS user, before.deleted OR NOT before.enabled AS away;
