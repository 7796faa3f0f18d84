// trees/languages: the languages that have trees.
//
// out   lang  STRING
// rows  many
// cost  scan: there are as many languages as people speak here; asked once at the start
// mode  read
MATCH (language:Language) WHERE language.tag <> ''
RETURN language.tag AS lang;
