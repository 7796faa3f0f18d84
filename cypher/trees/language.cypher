// trees/language: the number of trees of a language in the states that the lottery looks at; locks the language.
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
RETURN
  <<trees/language_counts language=stored>>;
