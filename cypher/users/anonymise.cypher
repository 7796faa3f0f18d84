// users/anonymise: takes a user's names away and ends the account; what he gave stays.
//
// in    id       STRING
// in    name     STRING   in place of the frontend's name for him, which somebody new may have
// in    now_ms   INTEGER  epoch milliseconds
// out   user_id  STRING
// rows  maybe             none when there is no such user
// cost  one seek
// mode  write
MATCH (user:User {id: $id})
SET user:User
WITH user, properties(user).deleted AS before WHERE user.id IS NOT NULL
FOREACH (_ IN CASE WHEN before THEN [] ELSE [1] END |
  SET user.deleted = true, user.name = $name, user.display_name = 'Deleted User', user.show_on_leaderboard = false
  CREATE (:Credit {user: user.id, at: $now_ms}))
RETURN user.id AS user_id;
