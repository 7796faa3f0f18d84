// leaderboards/collect: take waiting credits out of the graph, with the slots and scores that they change; locks the ledger.
//
// The holder of the ledger is the only one who changes slots, scores and tallies until the transaction ends. Times before
// 1970 are negative, and so are their remainders.
//
// in    now_ms   INTEGER       epoch milliseconds
// in    slot_ms  INTEGER       length of a slot
// in    frames   LIST<STRING>  names of the time frames
// in    limit    INTEGER       of credits, and of slots that are due
// out   credits  LIST<MAP>     each: at INTEGER epoch milliseconds, user and lang STRING or absent, and its figures
// out   slots    LIST<MAP>     the slots that are due, and those that the credits belong to
// out   people   LIST<MAP>     each: id, enabled, shown, scores LIST<MAP>; of the users concerned, system users left out
// rows  one
// cost  a few seeks for each credit and slot
// mode  write
MERGE (ledger:Ledger {name: 'boards'})
SET ledger:Ledger
WITH ledger
CALL (ledger) {
  MATCH (credit:Credit) WHERE credit.at IS NOT NULL
  WITH credit LIMIT $limit
  WITH collect(credit) AS nodes, collect(credit {.*}) AS credits
  FOREACH (each IN nodes | DELETE each)
  RETURN credits
}
CALL (ledger) {
  MATCH (slot:Slot) WHERE slot.due <= $now_ms
  WITH slot LIMIT $limit
  RETURN collect(slot.key) AS lapsed
}
WITH credits, lapsed + [each IN credits WHERE each.user IS NOT NULL |
  each.user + ' ' + toString(each.at - (each.at % $slot_ms + $slot_ms) % $slot_ms)] AS keys
CALL (keys) {
  UNWIND keys AS key
  WITH DISTINCT key
  MATCH (slot:Slot {key: key})
  RETURN collect(slot {.*}) AS slots
}
CALL (credits, slots) {
  UNWIND [each IN credits + slots WHERE each.user IS NOT NULL | each.user] AS id
  WITH DISTINCT id
  MATCH (user:User {id: id}) WHERE user.method <> 'system'
  CALL (user) {
    UNWIND $frames AS frame
    MATCH (score:Score {key: user.id + ' ' + frame})
    RETURN collect(score {.*}) AS scores
  }
  RETURN collect({
    id: user.id, scores: scores, enabled: user.enabled AND NOT user.deleted,
    shown: user.enabled AND NOT user.deleted AND user.show_on_leaderboard
  }) AS people
}
RETURN credits, slots, people;
