// guidelines/guideline: one version of a guideline, with its text.
//
// in    id         STRING
// out   guideline  MAP     id, kind, lang, version, short, created, text
// rows  maybe              none for an unknown guideline
// cost  a seek
// mode  read
MATCH (guideline:Guideline {id: $id})
RETURN guideline {.id, .kind, .lang, .version, .short, .created, .text} AS guideline;
