// users/new: what a new user starts with.
user.enabled = true, user.deleted = false, user.notes = '', user.show_on_leaderboard = $method <> 'system',
user.created = $now, user.terms_accepted = CASE WHEN $method = 'system' THEN $now END, user.last_activity = $now,
user.streak_start = $now
