// stats/scores: what a user has in each frame, and his place there.
//
// in    user_id  STRING
// in    frames   LIST<STRING>
// in    flight   INTEGER       points that one flight of the rungs spans
// out   user     MAP
// out   score    MAP           null where the frame has nothing of the user
// out   frame    STRING
// out   rank     INTEGER       from 1; null when the user is not on the board
// rows  many                   one for each frame; none when there is no such user
// cost  a seek for each frame; the flights ahead, the rungs ahead in the same flight, and those with as many points
// mode  read
MATCH (user:User {id: $user_id})
UNWIND $frames AS frame
OPTIONAL MATCH (score:Score {key: user.id + ' ' + frame})
RETURN user {.*} AS user, score {.*} AS score, frame,
  CASE WHEN score.board IS NOT NULL THEN
    reduce(people = 0, each IN COLLECT {
      MATCH (flight:Flight) WHERE flight.board = score.board AND flight.number > -score.behind / $flight
      RETURN flight.people
    } + COLLECT {
      MATCH (rung:Rung)
      WHERE rung.board = score.board AND rung.flight = -score.behind / $flight AND rung.behind < score.behind
      RETURN rung.people
    } | people + each)
    + COUNT { MATCH (other:Score) WHERE other.board = score.board AND other.behind = score.behind
      AND other.user <= score.user } END AS rank;
