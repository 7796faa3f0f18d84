// stats/record: writes slots, scores and tallies; who calls it holds the ledger.
//
// in    slots         LIST<MAP>     each: all properties of a slot
// in    old_slots     LIST<STRING>  keys of slots that nothing sees any more
// in    scores        LIST<MAP>     each: all properties of a score
// in    empty_scores  LIST<STRING>  keys of scores that have nothing in them any more
// in    tallies       LIST<MAP>     each: lang STRING, change MAP name to INTEGER
// rows  none
// cost  a seek for each
// mode  write
CALL () {
  UNWIND $slots AS row
  MERGE (slot:Slot {key: row.key})
  SET slot = row
}
CALL () {
  UNWIND $old_slots AS key
  MATCH (slot:Slot {key: key})
  DELETE slot
}
CALL () {
  UNWIND $scores AS row
  MERGE (score:Score {key: row.key})
  SET score = row
}
CALL () {
  UNWIND $empty_scores AS key
  MATCH (score:Score {key: key})
  DELETE score
}
CALL () {
  UNWIND $tallies AS row
  MERGE (tally:Tally {lang: row.lang})
  FOREACH (name IN keys(row.change) | SET tally[name] = coalesce(tally[name], 0) + row.change[name])
};
