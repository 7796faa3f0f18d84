// stats/waiting: the credits of a user that wait, or of all users and languages; locks the ledger.
//
// in    user_id  STRING        null: all
// out   credits  LIST<STRING>  what the database calls them; good until the ledger is let go of
// rows  one
// cost  an index seek; of all the whole index, which holds only what waits
// mode  write
MERGE (ledger:Ledger {name: 'boards'})
SET ledger:Ledger
WITH ledger
CALL (ledger) {
  WITH * WHERE $user_id IS NOT NULL
  MATCH (credit:Credit) WHERE credit.user = $user_id
  RETURN credit
  UNION ALL
  WITH * WHERE $user_id IS NULL
  MATCH (credit:Credit) WHERE credit.at IS NOT NULL
  RETURN credit
}
RETURN collect(elementId(credit)) AS credits;
