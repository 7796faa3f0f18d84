// trees/languages: the languages that have trees, and how many are in the states that the lottery looks at.
//
// out   lang       STRING
// out   growing    INTEGER
// out   reviewing  INTEGER
// out   waiting    INTEGER
// rows  many
// cost  scan: there are as many languages as people speak here; asked once at the start
// mode  read
MATCH (language:Language) WHERE language.tag <> ''
WITH properties(language) AS stored
RETURN stored.tag AS lang, coalesce(stored.growing, 0) AS growing,
  coalesce(stored.initial_prompt_review, 0) AS reviewing, coalesce(stored.prompt_lottery_waiting, 0) AS waiting;
