// leaderboards/rank: the place of a score on its board, from 1: a sum over the ranges and the buckets of scores ahead.
reduce(users = 0, count IN COLLECT {
  MATCH (range:ScoreRange) WHERE range.board = score.board AND range.number > -score.behind / $range_size
  RETURN range.people
} + COLLECT {
  MATCH (bucket:ScoreBucket)
  WHERE bucket.board = score.board AND bucket.range = -score.behind / $range_size AND bucket.behind < score.behind
  RETURN bucket.people
} | users + count)
+ COUNT { MATCH (other:Score) WHERE other.board = score.board AND other.behind = score.behind
  AND other.user <= score.user }
