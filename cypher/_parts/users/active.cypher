// users/active: counts an answer for the user's streak of days, which a day without one ends.
SET user.display_name = $display_name,
  user.streak_start = CASE
    WHEN user.streak_start IS NULL OR user.last_activity IS NULL
      OR date(user.last_activity) < date($now) - duration('P1D') THEN $now
    ELSE user.streak_start
  END
SET user.last_activity = $now
