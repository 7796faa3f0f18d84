// datasets/tree_counts: the number of trees of each language and state, and how many of them begin within some dates.
//
// in    states  LIST<STRING>    those that are counted
// in    since   ZONED DATETIME  the root was written then or later; null for any date
// in    until   ZONED DATETIME  the root was written before; null for any date
// out   lang    STRING          of the tree
// out   state   STRING
// out   trees   INTEGER
// out   dated   INTEGER         of these, trees that begin within the dates
// rows  many                    one a language and state
// cost  the index over the trees' states; with dates also a look at each root
// mode  read
MATCH (tree:Tree)
WHERE tree.state IN $states AND tree.lang IS NOT NULL
WITH tree.lang AS lang, tree.state AS state,
  ($since IS NULL OR EXISTS { (tree)-[:ROOT]->(root) WHERE root.created >= $since })
  AND ($until IS NULL OR EXISTS { (tree)-[:ROOT]->(root) WHERE root.created < $until }) AS dated
RETURN lang, state, count(*) AS trees, sum(CASE WHEN dated THEN 1 ELSE 0 END) AS dated
ORDER BY lang, state;
