// schema/0004_listings: lists of posts by time, and search in their texts.
//
// Posts are listed by language, by client, by both, or all of them; post_author lists them by author. A post is
// searched in the full-text index of its language's analyzer, which a second label names: :InGerman for German,
// :InOther for languages that no analyzer knows (and for Thai, whose analyzer needs a larger JRE than the managed
// server's). The table of languages stands in oa_graph/policy/search.py too, and a test holds the two together. `day`
// lets a search walk through time; author, client and lang let it pass over what is not asked for. The indexes are
// brought up to date behind the commits, which take half as long for it; a search waits for that. Posts of older graphs
// get label and day, in batches.
CREATE INDEX post_created IF NOT EXISTS FOR (p:Post) ON (p.created);
CREATE INDEX post_lang IF NOT EXISTS FOR (p:Post) ON (p.lang, p.created);
CREATE INDEX post_client IF NOT EXISTS FOR (p:Post) ON (p.client, p.created);
CREATE INDEX post_client_lang IF NOT EXISTS FOR (p:Post) ON (p.client, p.lang, p.created);
CREATE FULLTEXT INDEX text_arabic IF NOT EXISTS FOR (p:InArabic) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'arabic', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_armenian IF NOT EXISTS FOR (p:InArmenian) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'armenian', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_basque IF NOT EXISTS FOR (p:InBasque) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'basque', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_brazilian IF NOT EXISTS FOR (p:InBrazilian) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'brazilian', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_bulgarian IF NOT EXISTS FOR (p:InBulgarian) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'bulgarian', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_catalan IF NOT EXISTS FOR (p:InCatalan) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'catalan', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_cjk IF NOT EXISTS FOR (p:InCjk) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'cjk', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_czech IF NOT EXISTS FOR (p:InCzech) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'czech', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_danish IF NOT EXISTS FOR (p:InDanish) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'danish', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_dutch IF NOT EXISTS FOR (p:InDutch) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'dutch', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_english IF NOT EXISTS FOR (p:InEnglish) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'english', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_finnish IF NOT EXISTS FOR (p:InFinnish) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'finnish', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_french IF NOT EXISTS FOR (p:InFrench) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'french', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_galician IF NOT EXISTS FOR (p:InGalician) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'galician', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_german IF NOT EXISTS FOR (p:InGerman) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'german', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_greek IF NOT EXISTS FOR (p:InGreek) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'greek', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_hindi IF NOT EXISTS FOR (p:InHindi) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'hindi', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_hungarian IF NOT EXISTS FOR (p:InHungarian) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'hungarian', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_indonesian IF NOT EXISTS FOR (p:InIndonesian) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'indonesian', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_irish IF NOT EXISTS FOR (p:InIrish) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'irish', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_italian IF NOT EXISTS FOR (p:InItalian) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'italian', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_latvian IF NOT EXISTS FOR (p:InLatvian) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'latvian', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_lithuanian IF NOT EXISTS FOR (p:InLithuanian) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'lithuanian', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_norwegian IF NOT EXISTS FOR (p:InNorwegian) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'norwegian', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_persian IF NOT EXISTS FOR (p:InPersian) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'persian', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_portuguese IF NOT EXISTS FOR (p:InPortuguese) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'portuguese', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_romanian IF NOT EXISTS FOR (p:InRomanian) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'romanian', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_russian IF NOT EXISTS FOR (p:InRussian) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'russian', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_sorani IF NOT EXISTS FOR (p:InSorani) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'sorani', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_spanish IF NOT EXISTS FOR (p:InSpanish) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'spanish', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_swedish IF NOT EXISTS FOR (p:InSwedish) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'swedish', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_turkish IF NOT EXISTS FOR (p:InTurkish) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'turkish', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX text_other IF NOT EXISTS FOR (p:InOther) ON EACH [p.text, p.day, p.author, p.client, p.lang]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'standard-no-stop-words', `fulltext.eventually_consistent`: true}};
MATCH (post:Post) WHERE post.day IS NULL
CALL (post) {
  WITH post, toLower(post.lang) AS lang, {
    ar: 'InArabic', bg: 'InBulgarian', ca: 'InCatalan', ckb: 'InSorani', cs: 'InCzech', da: 'InDanish',
    de: 'InGerman', el: 'InGreek', en: 'InEnglish', es: 'InSpanish', eu: 'InBasque', fa: 'InPersian',
    fi: 'InFinnish', fr: 'InFrench', ga: 'InIrish', gl: 'InGalician', hi: 'InHindi', hu: 'InHungarian',
    hy: 'InArmenian', id: 'InIndonesian', it: 'InItalian', ja: 'InCjk', ko: 'InCjk', lt: 'InLithuanian',
    lv: 'InLatvian', nb: 'InNorwegian', nl: 'InDutch', nn: 'InNorwegian', no: 'InNorwegian', pt: 'InPortuguese',
    `pt-br`: 'InBrazilian', ro: 'InRomanian', ru: 'InRussian', sv: 'InSwedish', tr: 'InTurkish',
    yue: 'InCjk', zh: 'InCjk'
  } AS labels
  WITH post, coalesce(labels[lang], labels[split(lang, '-')[0]], 'InOther') AS label
  SET post:$(label), post.day = format(datetime({epochSeconds: post.created.epochSeconds}), 'uuuuMMdd')
} IN TRANSACTIONS OF 5000 ROWS;
