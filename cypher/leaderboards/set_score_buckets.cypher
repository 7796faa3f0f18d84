// leaderboards/set_score_buckets: recount the users in each score bucket and score range of the leaderboards.
//
// in    frames      LIST<STRING>
// in    range_size  INTEGER       points that one range spans
// rows  none
// cost  an index entry for each user on each board; the caller holds the ledger
// mode  write
CALL () {
  MATCH (bucket:ScoreBucket) WHERE bucket.key >= ''
  DELETE bucket
}
CALL () {
  MATCH (range:ScoreRange) WHERE range.key >= ''
  DELETE range
}
UNWIND $frames AS frame
CALL (frame) {
  MATCH (score:Score) WHERE score.board = frame AND score.behind IS NOT NULL AND score.user IS NOT NULL
  WITH score.behind AS behind, count(*) AS people
  CREATE (:ScoreBucket {
    key: frame + ' ' + toString(-behind), board: frame, range: -behind / $range_size, behind: behind, people: people
  })
  WITH -behind / $range_size AS number, sum(people) AS people
  CREATE (:ScoreRange {key: frame + ' ' + toString(number), board: frame, number: number, people: people})
};
