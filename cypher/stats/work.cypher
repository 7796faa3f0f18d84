// stats/work: the answers of the last day, in slots of ten minutes.
//
// A slot stays until its next time frame lets go of it, so those of the last day are the ones that are due within a day.
//
// in    now_ms    INTEGER  epoch milliseconds
// in    until_ms  INTEGER  when the slots of this moment are due
// in    since_ms  INTEGER  older slots are left out
// out   start     INTEGER  of the slot, in epoch milliseconds
// out   people    INTEGER  who answered
// out   answers   INTEGER  texts, reviews and rankings
// rows  many               by time; slots without answers are left out
// cost  an index range: one entry for each person and slot of the day
// mode  read
MATCH (slot:Slot) WHERE slot.due > $now_ms AND slot.due <= $until_ms
WITH slot WHERE slot.start > $since_ms
WITH slot.start AS start, slot.user AS user, coalesce(slot.prompts, 0) + coalesce(slot.replies_assistant, 0)
  + coalesce(slot.replies_prompter, 0) + coalesce(slot.labels_simple, 0) + coalesce(slot.labels_full, 0)
  + coalesce(slot.rankings_total, 0) AS answers
WHERE answers > 0
RETURN start, count(DISTINCT user) AS people, sum(answers) AS answers ORDER BY start;
