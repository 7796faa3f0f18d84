// leaderboards/window: the part of a leaderboard around a user.
//
// in    user_id  STRING
// in    frame    STRING
// in    range_size  INTEGER  points that one score range spans
// in    size     INTEGER  number of entries; half of them before the user
// out   placed   LIST<MAP>  each: score, user MAP, times in epoch milliseconds; rank INTEGER; best first
// rows  one                   an empty list when the user is not on the board
// cost  two index ranges, and what a rank costs: see leaderboards/scores
// mode  read
MATCH (own:Score {key: $user_id + ' ' + $frame}) WHERE own.board IS NOT NULL
CALL (own) {
  WITH own AS score
  RETURN <<leaderboards/rank>> AS own_rank
}
WITH own, own_rank, $size / 2 AS half
WITH own, own_rank, CASE WHEN own_rank - 1 < half THEN own_rank - 1 ELSE half END AS before,
  CASE WHEN own_rank < half THEN $size - own_rank ELSE $size - half END AS behind
CALL (own, before) {
  MATCH (score:Score) WHERE score.board = own.board AND score.behind <= own.behind AND score.user IS NOT NULL
    AND (score.behind < own.behind OR score.user < own.user)
  WITH score ORDER BY score.board DESC, score.behind DESC, score.user DESC LIMIT $size
  WITH collect(score) AS found
  RETURN found[..before] AS ahead
}
CALL (own, behind) {
  MATCH (score:Score) WHERE score.board = own.board AND score.behind >= own.behind AND score.user IS NOT NULL
    AND (score.behind > own.behind OR score.user > own.user)
  WITH score ORDER BY score.board, score.behind, score.user LIMIT $size
  WITH collect(score) AS found
  RETURN found[..behind] AS after
}
WITH own_rank - size(ahead) AS first, reverse(ahead) + [own] + after AS scores
UNWIND range(0, size(scores) - 1) AS i
WITH first + i AS rank, scores[i] AS score
MATCH (user:User {id: score.user})
WITH score, user, rank ORDER BY rank
RETURN collect({rank: rank, score: score {.*}, user: user {
    <<leaderboards/board_user>>
  }}) AS placed;
