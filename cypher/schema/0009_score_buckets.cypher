// schema/0009_score_buckets: plain names for the counts from which ranks are computed.
//
// What was a Rung is a ScoreBucket, and a Flight is a ScoreRange. Nodes of older graphs get the new label under their
// lock, in batches: another process that starts at the same time then finds the new name of the property.
CREATE CONSTRAINT score_bucket_key IF NOT EXISTS FOR (b:ScoreBucket) REQUIRE b.key IS UNIQUE;
CREATE INDEX score_bucket_board IF NOT EXISTS FOR (b:ScoreBucket) ON (b.board, b.range, b.behind);
CREATE CONSTRAINT score_range_key IF NOT EXISTS FOR (r:ScoreRange) REQUIRE r.key IS UNIQUE;
CREATE INDEX score_range_board IF NOT EXISTS FOR (r:ScoreRange) ON (r.board, r.number);
MATCH (bucket:Rung)
CALL (bucket) {
  SET bucket:ScoreBucket
  WITH bucket, properties(bucket) AS stored
  SET bucket.range = coalesce(stored.flight, stored.range)
  REMOVE bucket:Rung, bucket.flight
} IN TRANSACTIONS OF 5000 ROWS;
MATCH (range:Flight)
CALL (range) {
  SET range:ScoreRange
  REMOVE range:Flight
} IN TRANSACTIONS OF 5000 ROWS;
DROP INDEX rung_board IF EXISTS;
DROP CONSTRAINT rung_key IF EXISTS;
DROP INDEX flight_board IF EXISTS;
DROP CONSTRAINT flight_key IF EXISTS;
