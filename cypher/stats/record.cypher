// stats/record: writes slots, scores, rungs and tallies; who calls it holds the ledger.
//
// Rungs and flights that nobody stands on stay: there are as many as points that somebody ever had.
//
// in    slots         LIST<MAP>     each: all properties of a slot
// in    old_slots     LIST<STRING>  keys of slots that nothing sees any more
// in    scores        LIST<MAP>     each: all properties of a score
// in    empty_scores  LIST<STRING>  keys of scores that have nothing in them any more
// in    rungs         LIST<MAP>     each: key, board STRING; flight, behind INTEGER; change INTEGER of people
// in    flights       LIST<MAP>     each: key, board STRING; number INTEGER; change INTEGER of people
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
  UNWIND $rungs AS row
  MERGE (rung:Rung {key: row.key})
    ON CREATE SET rung.board = row.board, rung.flight = row.flight, rung.behind = row.behind, rung.people = 0
  SET rung.people = rung.people + row.change
}
CALL () {
  UNWIND $flights AS row
  MERGE (flight:Flight {key: row.key})
    ON CREATE SET flight.board = row.board, flight.number = row.number, flight.people = 0
  SET flight.people = flight.people + row.change
}
CALL () {
  UNWIND $tallies AS row
  MERGE (tally:Tally {lang: row.lang})
  FOREACH (name IN keys(row.change) | SET tally[name] = coalesce(tally[name], 0) + row.change[name])
};
