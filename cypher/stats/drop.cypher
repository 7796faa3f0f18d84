// stats/drop: removes the slots and scores of a user, and his part of the credits that wait; who calls it holds the ledger.
//
// in    user_id  STRING
// in    frames   LIST<STRING>  names of the time frames
// rows  none
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
CALL () {
  UNWIND $frames AS frame
  MATCH (score:Score {key: $user_id + ' ' + frame})
  DELETE score
};
