// trees/languages: the languages that have trees, with the number of trees in the states that the lottery looks at.
//
// out   lang       STRING
// out   growing    INTEGER
// out   reviewing  INTEGER
// out   waiting    INTEGER
// rows  many
// cost  scan of the languages, which are few; run once at the start
// mode  read
MATCH (language:Language) WHERE language.tag <> ''
WITH properties(language) AS stored
RETURN stored.tag AS lang,
  <<trees/language_counts language=stored>>;
