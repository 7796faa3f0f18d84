// users/anonymise: remove the names of a user and close the account; posts and answers stay.
//
// in    id       STRING
// in    name     STRING   replaces the frontend's name, which becomes free for a new user
// in    now_ms   INTEGER  epoch milliseconds
// out   user_id  STRING
// rows  maybe             none for an unknown user
// cost  one seek
// mode  write
MATCH (user:User {id: $id})
SET user:User
WITH user, properties(user).deleted AS before WHERE user.id IS NOT NULL
FOREACH (_ IN CASE WHEN before THEN [] ELSE [1] END |
  SET user.deleted = true, user.name = $name, user.display_name = 'Deleted User', user.show_on_leaderboard = false
  CREATE (:Credit {user: user.id, at: $now_ms}))
RETURN user.id AS user_id;
