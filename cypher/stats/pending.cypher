// stats/pending: whether scores have something to learn: credits that wait, or slots that have become too old for a frame.
//
// in    now_ms   INTEGER  epoch milliseconds
// out   pending  BOOLEAN
// rows  one
// cost  two looks at the beginning of an index
// mode  read
RETURN EXISTS { MATCH (credit:Credit) WHERE credit.at IS NOT NULL }
  OR EXISTS { MATCH (slot:Slot) WHERE slot.due <= $now_ms } AS pending;
