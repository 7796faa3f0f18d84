// stats/states: the number of trees of each language in each state.
//
// in    states  LIST<STRING>
// out   lang    STRING
// out   state   STRING
// out   trees   INTEGER
// rows  many                  those that are not 0
// cost  an index entry for each language
// mode  read
MATCH (language:Language) WHERE language.tag >= ''
UNWIND $states AS state
WITH language.tag AS lang, state, coalesce(language[state], 0) AS trees WHERE trees <> 0
RETURN lang, state, trees ORDER BY lang, state;
