// users/change: change a user; leaderboards follow when the change shows or hides the user.
//
// in    id       STRING
// in    changes  MAP      any of display_name, enabled, notes, show_on_leaderboard, terms_accepted
// in    now_ms   INTEGER  epoch milliseconds
// out   user     MAP      after the change
// out   away     BOOLEAN  whether the user was disabled or deleted before
// rows  maybe             none for an unknown user
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
