// explore/prompts_waiting: prompts in the lottery, with their ratings.
//
// in    lang      STRING          language of the tree; null for all
// out   tree      STRING          id
// out   lang      STRING
// out   author    STRING          user id; null for the system
// out   mu        FLOAT           rating; null for a prompt never ranked
// out   sigma     FLOAT           its uncertainty
// out   rankings  INTEGER         of this prompt among others
// out   entered   ZONED DATETIME  since when it waits; null where it was not recorded
// out   text      STRING
// rows  many                      the best rating first, those without one last
// needs waiting prompts
// cost  the index over the trees' states, a few expands for each prompt; sorts them
// mode  read
MATCH (tree:Tree)
WHERE tree.state = 'prompt_lottery_waiting' AND tree.lang IS NOT NULL AND ($lang IS NULL OR tree.lang = $lang)
MATCH (root:Post {id: tree.id})
WITH tree, root ORDER BY root.rating_mu IS NULL, root.rating_mu DESC, tree.id
RETURN tree.id AS tree, tree.lang AS lang, root.author AS author, root.rating_mu AS mu, root.rating_sigma AS sigma,
  COUNT { (root)<-[:RANKED]-(:Ranking) } AS rankings, tree.entered AS entered, root.text AS text
ORDER BY mu IS NULL, mu DESC, tree;
