// leaderboards/pending: whether credits or due slots wait for an update of the scores.
//
// in    now_ms   INTEGER  epoch milliseconds
// out   pending  BOOLEAN
// rows  one
// cost  two looks at the beginning of an index
// mode  read
RETURN EXISTS { MATCH (credit:Credit) WHERE credit.at IS NOT NULL }
  OR EXISTS { MATCH (slot:Slot) WHERE slot.due <= $now_ms } AS pending;
