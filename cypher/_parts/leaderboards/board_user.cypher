// leaderboards/board_user: what is read of a user for a leaderboard, times in epoch milliseconds.
.id, .client, .method, .name, .display_name, .enabled, .deleted, .show_on_leaderboard,
last_activity: user.last_activity.epochMillis, streak_start: user.streak_start.epochMillis
