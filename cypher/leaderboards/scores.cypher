// leaderboards/scores: the score and the rank of a user in each time frame.
//
// in    user_id  STRING
// in    frames   LIST<STRING>
// in    range_size  INTEGER       points that one score range spans
// out   user     MAP
// out   score    MAP           null where the user has no score
// out   frame    STRING
// out   rank     INTEGER       from 1; null when the user is not on the board
// rows  many                   one for each frame; none for an unknown user
// cost  a seek for each frame; the score ranges ahead, the buckets ahead in the same range, and the scores with as many points
// mode  read
MATCH (user:User {id: $user_id})
UNWIND $frames AS frame
OPTIONAL MATCH (score:Score {key: user.id + ' ' + frame})
RETURN user {.*} AS user, score {.*} AS score, frame,
  CASE WHEN score.board IS NOT NULL THEN
    <<leaderboards/rank>> END AS rank;
