// leaderboards/troll_board: the users with the most troll points.
//
// in    frame    STRING
// in    enabled  LIST<BOOLEAN>  of users who are enabled, disabled, or both
// in    limit    INTEGER
// out   placed   LIST<MAP>      each: score, user MAP, times in epoch milliseconds; worst first
// rows  one
// cost  one or two index ranges and a seek for each row
// mode  read
UNWIND $enabled AS enabled
CALL (enabled) {
  MATCH (score:Score) WHERE score.frame = $frame AND score.enabled = enabled
    AND score.troll_behind IS NOT NULL AND score.user IS NOT NULL
  RETURN score ORDER BY score.frame, score.enabled, score.troll_behind, score.user LIMIT $limit
}
WITH score ORDER BY score.troll_behind, score.user LIMIT $limit
MATCH (user:User {id: score.user})
WITH score, user ORDER BY score.troll_behind, score.user
RETURN collect({score: score {.*}, user: user {
    <<leaderboards/board_user>>
  }}) AS placed;
