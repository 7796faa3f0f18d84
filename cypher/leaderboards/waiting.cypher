// leaderboards/waiting: the waiting credits of a user, or of all users and languages; locks the ledger.
//
// in    user_id  STRING        null: all
// out   credits  LIST<STRING>  element ids, valid until the ledger is released
// rows  one
// cost  an index seek; for all users the whole index, which holds waiting credits only
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
