// trees/language: how many trees of a language are in the states that the lottery looks at; locks the language.
//
// in    lang       STRING
// out   growing    INTEGER
// out   reviewing  INTEGER
// out   waiting    INTEGER
// rows  one
// cost  one seek
// mode  write
MERGE (language:Language {tag: $lang})
SET language:Language
WITH properties(language) AS stored
RETURN coalesce(stored.growing, 0) AS growing, coalesce(stored.initial_prompt_review, 0) AS reviewing,
  coalesce(stored.prompt_lottery_waiting, 0) AS waiting;
