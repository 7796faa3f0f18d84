// leaderboards/record: write slots, scores, score buckets and tallies; the caller holds the ledger.
//
// Empty score buckets and ranges stay: there are no more of them than numbers of points that users ever had.
//
// in    slots         LIST<MAP>     each: all properties of a slot
// in    old_slots     LIST<STRING>  keys of slots that no time frame holds any more
// in    scores        LIST<MAP>     each: all properties of a score
// in    empty_scores  LIST<STRING>  keys of scores that are empty now
// in    buckets       LIST<MAP>     each: key, board STRING; range, behind INTEGER; change INTEGER of users
// in    ranges        LIST<MAP>     each: key, board STRING; number INTEGER; change INTEGER of users
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
  UNWIND $buckets AS row
  MERGE (bucket:ScoreBucket {key: row.key})
    ON CREATE SET bucket.board = row.board, bucket.range = row.range, bucket.behind = row.behind, bucket.people = 0
  SET bucket.people = bucket.people + row.change
}
CALL () {
  UNWIND $ranges AS row
  MERGE (range:ScoreRange {key: row.key})
    ON CREATE SET range.board = row.board, range.number = row.number, range.people = 0
  SET range.people = range.people + row.change
}
CALL () {
  UNWIND $tallies AS row
  MERGE (tally:Tally {lang: row.lang})
  FOREACH (name IN keys(row.change) | SET tally[name] = coalesce(tally[name], 0) + row.change[name])
};
