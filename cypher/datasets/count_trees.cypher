// datasets/count_trees: add new trees to the counts of their languages, as trees/enter_state does for one tree.
//
// in    counts  LIST<MAP>  each: lang STRING; state STRING; trees INTEGER; sorted by language
// rows  none
// cost  a seek for each language and state; locks the languages
// mode  write
UNWIND $counts AS each
MERGE (language:Language {tag: each.lang})
SET language:Language
SET language[each.state] = coalesce(language[each.state], 0) + each.trees;
