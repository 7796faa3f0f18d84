// leaderboards/delete_figures: delete the slots, scores and waiting credits of a user; the caller holds the ledger.
//
// in    user_id  STRING
// in    frames   LIST<STRING>  names of the time frames
// out   score    MAP           one that was removed; its score bucket still counts it
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
