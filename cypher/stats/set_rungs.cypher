// stats/set_rungs: counts anew how many people stand on each rung and flight of a leaderboard.
//
// in    frames  LIST<STRING>
// in    flight  INTEGER       points that one flight spans
// rows  none
// cost  an index entry for each person on each board; who calls it holds the ledger
// mode  write
CALL () {
  MATCH (rung:Rung) WHERE rung.key >= ''
  DELETE rung
}
CALL () {
  MATCH (flight:Flight) WHERE flight.key >= ''
  DELETE flight
}
UNWIND $frames AS frame
CALL (frame) {
  MATCH (score:Score) WHERE score.board = frame AND score.behind IS NOT NULL AND score.user IS NOT NULL
  WITH score.behind AS behind, count(*) AS people
  CREATE (:Rung {
    key: frame + ' ' + toString(-behind), board: frame, flight: -behind / $flight, behind: behind, people: people
  })
  WITH -behind / $flight AS number, sum(people) AS people
  CREATE (:Flight {key: frame + ' ' + toString(number), board: frame, number: number, people: people})
};
