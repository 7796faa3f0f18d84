// guidelines/publish: store a text as the next version of a guideline; the newest text again makes no version.
//
// in    id         STRING          id of the version to write
// in    kind       STRING          kind of task
// in    lang       STRING
// in    short      STRING          the part that tasks carry
// in    text       STRING
// in    now        ZONED DATETIME
// out   guideline  MAP             the newest version: id, kind, lang, version, short, created, text
// rows  one
// cost  an index seek, and every version of this guideline
// mode  write
CALL () {
  OPTIONAL MATCH (guideline:Guideline)
  WHERE guideline.kind = $kind AND guideline.lang = $lang AND guideline.version IS NOT NULL
  RETURN guideline ORDER BY guideline.version DESC LIMIT 1
}
CALL (guideline) {
  WITH * WHERE guideline.text = $text
  RETURN guideline AS newest
  UNION
  WITH * WHERE guideline IS NULL OR guideline.text <> $text
  CREATE (version:Guideline {
    id: $id, kind: $kind, lang: $lang, version: coalesce(guideline.version, 0) + 1, short: $short, text: $text,
    created: $now
  })
  RETURN version AS newest
}
RETURN newest {.id, .kind, .lang, .version, .short, .created, .text} AS guideline;
