// stats/scores: what a user has in each frame, and his place there.
//
// in    user_id  STRING
// in    frames   LIST<STRING>
// out   user     MAP
// out   score    MAP           null where the frame has nothing of the user
// out   frame    STRING
// out   rank     INTEGER       from 1; null when the user is not on the board
// rows  many                   one for each frame; none when there is no such user
// cost  a seek for each frame, and the index entries of those who are ahead
// mode  read
MATCH (user:User {id: $user_id})
UNWIND $frames AS frame
OPTIONAL MATCH (score:Score {key: user.id + ' ' + frame})
RETURN user {.*} AS user, score {.*} AS score, frame,
  CASE WHEN score.board IS NOT NULL THEN
    COUNT { MATCH (other:Score) WHERE other.board = score.board AND other.behind < score.behind
      AND other.user IS NOT NULL }
    + COUNT { MATCH (other:Score) WHERE other.board = score.board AND other.behind = score.behind
      AND other.user <= score.user } END AS rank;
