// explore/tree_states: the number of trees in each state, by language, and since when.
//
// in    lang    STRING          language of the tree; null for all
// out   state   STRING
// out   lang    STRING
// out   trees   INTEGER
// out   oldest  ZONED DATETIME  when the first of them came into this state; null where it was not recorded
// out   newest  ZONED DATETIME  when the last of them did
// rows  many                    by state, the language with most trees first
// needs posts
// cost  scan of the trees
// mode  read
MATCH (tree:Tree)
WHERE $lang IS NULL OR tree.lang = $lang
RETURN tree.state AS state, tree.lang AS lang, count(*) AS trees, min(tree.entered) AS oldest, max(tree.entered) AS newest
ORDER BY state, trees DESC, lang;
