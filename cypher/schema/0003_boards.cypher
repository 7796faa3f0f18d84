// schema/0003_boards: what leaderboards and statistics are read from.
//
// Days counted only places in rankings; slots and scores count everything. A credit waits until it is in its scores, so
// its index holds what is waiting and nothing else; of the slots the index holds those that a frame has yet to let go of.
DROP CONSTRAINT day_key IF EXISTS;
MATCH (day:Day) CALL (day) { DETACH DELETE day } IN TRANSACTIONS OF 5000 ROWS;
CREATE INDEX credit_at IF NOT EXISTS FOR (c:Credit) ON (c.at);
CREATE INDEX credit_user IF NOT EXISTS FOR (c:Credit) ON (c.user);
CREATE CONSTRAINT ledger_name IF NOT EXISTS FOR (l:Ledger) REQUIRE l.name IS UNIQUE;
CREATE CONSTRAINT slot_key IF NOT EXISTS FOR (s:Slot) REQUIRE s.key IS UNIQUE;
CREATE INDEX slot_due IF NOT EXISTS FOR (s:Slot) ON (s.due);
CREATE INDEX slot_user IF NOT EXISTS FOR (s:Slot) ON (s.user);
CREATE CONSTRAINT score_key IF NOT EXISTS FOR (s:Score) REQUIRE s.key IS UNIQUE;
CREATE INDEX score_board IF NOT EXISTS FOR (s:Score) ON (s.board, s.behind, s.user);
CREATE INDEX score_troll_board IF NOT EXISTS FOR (s:Score) ON (s.frame, s.enabled, s.troll_behind, s.user);
CREATE CONSTRAINT rung_key IF NOT EXISTS FOR (r:Rung) REQUIRE r.key IS UNIQUE;
CREATE INDEX rung_board IF NOT EXISTS FOR (r:Rung) ON (r.board, r.flight, r.behind);
CREATE CONSTRAINT flight_key IF NOT EXISTS FOR (f:Flight) REQUIRE f.key IS UNIQUE;
CREATE INDEX flight_board IF NOT EXISTS FOR (f:Flight) ON (f.board, f.number);
CREATE CONSTRAINT tally_lang IF NOT EXISTS FOR (t:Tally) REQUIRE t.lang IS UNIQUE;
CREATE CONSTRAINT cached_name IF NOT EXISTS FOR (c:CachedStats) REQUIRE c.name IS UNIQUE;
CREATE INDEX user_terms IF NOT EXISTS FOR (u:User) ON (u.terms_accepted);
