// stats/drop: removes the slots and scores of a user, and his part of the credits that wait; who calls it holds the ledger.
//
// in    user_id  STRING
// in    frames   LIST<STRING>  names of the time frames
// out   score    MAP           one that was removed: its place on the rungs is still to be given up
// rows  many
// cost  a few index seeks, as many nodes as the user has
// mode  write
CALL () {
  MATCH (credit:Credit) WHERE credit.user = $user_id
  SET credit.user = null
}
CALL () {
  MATCH (slot:Slot) WHERE slot.user = $user_id
  DELETE slot
}
UNWIND $frames AS frame
MATCH (score:Score {key: $user_id + ' ' + frame})
WITH score, score {.*} AS stored
DELETE score
RETURN stored AS score;
