// stats/system: how many posts and trees there are.
//
// out   tallies  LIST<MAP>  each: lang, posts, deleted, human_prompter, human_assistant
// out   trees    INTEGER
// rows  one
// cost  an index entry for each language; trees are counted by the store itself
// mode  read
CALL () {
  MATCH (tally:Tally) WHERE tally.lang >= ''
  WITH tally ORDER BY tally.lang
  RETURN collect(tally {.*}) AS tallies
}
RETURN tallies, COUNT { MATCH (:Tree) } AS trees;
