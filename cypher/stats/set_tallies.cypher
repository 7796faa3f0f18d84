// stats/set_tallies: replace the tallies of all languages, and drop the credits that wait for them.
//
// in    tallies  LIST<MAP>  each: lang, trees, posts, deleted, human_prompter, human_assistant
// rows  none
// cost  an index entry for each language, and for each credit that waits
// mode  write
CALL () {
  MATCH (credit:Credit) WHERE credit.at >= 0
  SET credit.lang = null
}
CALL () {
  MATCH (tally:Tally) WHERE tally.lang >= ''
  DELETE tally
}
CALL () {
  UNWIND $tallies AS row
  CREATE (tally:Tally)
  SET tally = row
};
