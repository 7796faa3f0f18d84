// leaderboards/leaderboard: the first entries of a leaderboard.
//
// in    frame  STRING
// in    limit  INTEGER
// out   placed  LIST<MAP>  each: score, user MAP, times in epoch milliseconds; best first, without users who have just been hidden
// rows  one
// cost  an index range and a seek for each row
// mode  read
MATCH (score:Score) WHERE score.board = $frame AND score.behind IS NOT NULL AND score.user IS NOT NULL
WITH score ORDER BY score.board, score.behind, score.user LIMIT $limit
MATCH (user:User {id: score.user}) WHERE user.enabled AND NOT user.deleted AND user.show_on_leaderboard
WITH score, user ORDER BY score.behind, score.user
RETURN collect({score: score {.*}, user: user {
    <<leaderboards/board_user>>
  }}) AS placed;
