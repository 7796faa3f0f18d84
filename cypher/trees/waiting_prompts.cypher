// trees/waiting_prompts: the prompts in the lottery, with everything that decides their chances.
//
// in    lang    STRING
// in    limit   INTEGER  at most so many prompts
// out   tree    STRING
// out   author  STRING   null for the system
// out   wins    INTEGER  how often rankings of the last month put a reply of the author first
// out   mu      FLOAT    rating of the prompt; null for a prompt never ranked
// out   sigma   FLOAT    its uncertainty
// rows  many
// cost  an index seek, a few expands for each prompt
// mode  read
MATCH (tree:Tree {state: 'prompt_lottery_waiting', lang: $lang})
WITH tree ORDER BY rand() LIMIT $limit
MATCH (root:Post {id: tree.id}) WHERE root.accepted AND NOT root.deleted
OPTIONAL MATCH (root)<-[:WROTE]-(author:User)
WITH tree, root, author WHERE author IS NULL OR (author.enabled AND NOT author.deleted)
OPTIONAL MATCH (score:Score {key: author.id + ' month'})
RETURN tree.id AS tree, author.id AS author, root.rating_mu AS mu, root.rating_sigma AS sigma,
  coalesce(score.reply_ranked_1, 0) AS wins;
