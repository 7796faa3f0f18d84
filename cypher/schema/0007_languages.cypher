// schema/0007_languages: language tags in their usual case, with hyphens.
//
// The service once took `EN` and `pt_br` as languages of their own. The first statement lists each tag that is written in
// an unusual way beside its usual form, as nodes; the others follow the list, and the last one clears it away. What is
// no tag stays as it is. The rules stand in oa_graph/language.py too, and a test holds the two together. Counters of
// languages that become one are added up, under the lock of the entry in the list: another process that starts at the
// same time then finds nothing left to add. Places keep their keys and their reservations.
CREATE CONSTRAINT language_rename IF NOT EXISTS FOR (r:LanguageRename) REQUIRE r.lang IS UNIQUE;
CALL () {
  MATCH (post:Post) WHERE post.lang >= '' RETURN DISTINCT post.lang AS lang
  UNION
  MATCH (tree:Tree) RETURN tree.lang AS lang
  UNION
  MATCH (task:Task) RETURN task.lang AS lang
  UNION
  MATCH (language:Language) RETURN language.tag AS lang
  UNION
  MATCH (tally:Tally) RETURN tally.lang AS lang
  UNION
  MATCH (credit:Credit) RETURN credit.lang AS lang
}
WITH lang, '(?i)([a-z]{2,3}(-[a-z]{3}){0,3}|[a-z]{4}|[ix](-[a-z0-9]{1,8})+)(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?'
  + '(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(-[a-wyz0-9](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?' AS grammar
WHERE replace(lang, '_', '-') =~ grammar
WITH lang, split(toLower(replace(lang, '_', '-')), '-') AS parts
WITH lang, parts, coalesce(head([i IN range(0, size(parts) - 1) WHERE size(parts[i]) = 1]), size(parts)) AS singleton
WITH lang, reduce(tag = parts[0], i IN range(1, size(parts) - 1) | tag + '-' + CASE
    WHEN i > singleton THEN parts[i]
    WHEN size(parts[i]) = 2 THEN toUpper(parts[i])
    WHEN size(parts[i]) = 4 THEN toUpper(left(parts[i], 1)) + substring(parts[i], 1)
    ELSE parts[i]
  END) AS tag
WHERE tag <> lang
MERGE (rename:LanguageRename {lang: lang}) SET rename.tag = tag;
MATCH (rename:LanguageRename)
MATCH (post:Post {lang: rename.lang})
CALL (post, rename) {
  WITH post, rename, split(post.pool, ' ') AS pool, toLower(rename.tag) AS lang, {
    ar: 'InArabic', bg: 'InBulgarian', ca: 'InCatalan', ckb: 'InSorani', cs: 'InCzech', da: 'InDanish',
    de: 'InGerman', el: 'InGreek', en: 'InEnglish', es: 'InSpanish', eu: 'InBasque', fa: 'InPersian',
    fi: 'InFinnish', fr: 'InFrench', ga: 'InIrish', gl: 'InGalician', hi: 'InHindi', hu: 'InHungarian',
    hy: 'InArmenian', id: 'InIndonesian', it: 'InItalian', ja: 'InCjk', ko: 'InCjk', lt: 'InLithuanian',
    lv: 'InLatvian', nb: 'InNorwegian', nl: 'InDutch', nn: 'InNorwegian', no: 'InNorwegian', pt: 'InPortuguese',
    `pt-br`: 'InBrazilian', ro: 'InRomanian', ru: 'InRussian', sv: 'InSwedish', tr: 'InTurkish',
    yue: 'InCjk', zh: 'InCjk'
  } AS labels
  WITH post, rename, pool, coalesce(labels[lang], labels[split(lang, '-')[0]], 'InOther') AS label
  SET post.lang = rename.tag,
    post.pool = pool[0] + ' ' + rename.tag + CASE WHEN size(pool) > 2 THEN ' ' + pool[2] ELSE '' END
  REMOVE post:InOther
  SET post:$(label)
} IN TRANSACTIONS OF 5000 ROWS;
MATCH (rename:LanguageRename)
MATCH (tree:Tree) WHERE tree.lang = rename.lang
CALL (tree, rename) { SET tree.lang = rename.tag } IN TRANSACTIONS OF 5000 ROWS;
MATCH (rename:LanguageRename)
MATCH (task:Task) WHERE task.lang = rename.lang
CALL (task, rename) { SET task.lang = rename.tag } IN TRANSACTIONS OF 5000 ROWS;
MATCH (rename:LanguageRename)
MATCH (credit:Credit) WHERE credit.lang = rename.lang
CALL (credit, rename) { SET credit.lang = rename.tag } IN TRANSACTIONS OF 5000 ROWS;
MATCH (rename:LanguageRename)
SET rename:LanguageRename
WITH rename
MATCH (tally:Tally {lang: rename.lang})
MERGE (total:Tally {lang: rename.tag})
SET total:Tally
WITH tally, total, properties(tally) AS counts
FOREACH (name IN [name IN keys(counts) WHERE name <> 'lang'] | SET total[name] = coalesce(total[name], 0) + counts[name])
DELETE tally;
MATCH (rename:LanguageRename)
SET rename:LanguageRename
WITH rename
MATCH (language:Language {tag: rename.lang})
MERGE (usual:Language {tag: rename.tag})
SET usual:Language
WITH language, usual, properties(language) AS counts
FOREACH (state IN [name IN keys(counts) WHERE name <> 'tag'] | SET usual[state] = coalesce(usual[state], 0) + counts[state])
WITH language, usual
CALL (language, usual) {
  MATCH (task:Task)-[lease:LEASES]->(language)
  CREATE (task)-[:LEASES {until: lease.until}]->(usual)
}
DETACH DELETE language;
MATCH (rename:LanguageRename) CALL (rename) { DETACH DELETE rename } IN TRANSACTIONS OF 5000 ROWS;
DROP CONSTRAINT language_rename IF EXISTS;
