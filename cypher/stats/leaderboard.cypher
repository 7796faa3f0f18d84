// stats/leaderboard: the first of a frame's leaderboard.
//
// in    frame  STRING
// in    limit  INTEGER
// out   score  MAP
// out   user   MAP
// rows  many            best first; users who have just been hidden are left out
// cost  an index range and a seek for each row
// mode  read
MATCH (score:Score) WHERE score.board = $frame AND score.behind IS NOT NULL AND score.user IS NOT NULL
WITH score ORDER BY score.board, score.behind, score.user LIMIT $limit
MATCH (user:User {id: score.user}) WHERE user.enabled AND NOT user.deleted AND user.show_on_leaderboard
RETURN score {.*} AS score, user {.*} AS user ORDER BY score.behind, score.user;
