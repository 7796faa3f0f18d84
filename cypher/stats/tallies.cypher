// stats/tallies: the counts of trees and posts of each language.
//
// out   tally  MAP  lang, and INTEGER or absent: trees, posts, deleted, human_prompter, human_assistant
// rows  many       one for each language
// cost  an index entry for each
// mode  read
MATCH (tally:Tally) WHERE tally.lang >= ''
RETURN tally {.*} AS tally ORDER BY tally.lang;
