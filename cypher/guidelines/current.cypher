// guidelines/current: the newest version of each guideline, without its text.
//
// in    kinds      LIST<STRING>  kinds of task
// out   guideline  MAP           id, kind, lang, version, short, created
// rows  many                     by kind and language
// cost  an index seek for each kind, and every version
// mode  read
MATCH (guideline:Guideline)
WHERE guideline.kind IN $kinds AND guideline.lang IS NOT NULL AND guideline.version IS NOT NULL
WITH guideline ORDER BY guideline.version DESC
WITH guideline.kind AS kind, guideline.lang AS lang, collect(guideline)[0] AS newest
RETURN newest {.id, .kind, .lang, .version, .short, .created} AS guideline
ORDER BY kind, lang;
