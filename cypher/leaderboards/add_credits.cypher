// leaderboards/add_credits: store credits for the next update of the leaderboards.
//
// in    credits  LIST<MAP>  each: at INTEGER epoch milliseconds, user and lang STRING or null, and figures INTEGER
// rows  none
// cost  no walk
// mode  write
UNWIND $credits AS row
CREATE (credit:Credit)
SET credit = row;
