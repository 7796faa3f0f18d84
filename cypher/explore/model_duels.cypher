// explore/model_duels: how often each model wins against people, and against each other model.
//
// A duel is a pair of live assistant replies to the same post, compared by each ranking that has both; where nobody
// ranked them here, as after an import, the ranks of the replies decide once. Rankings that found all replies bad count
// too. `oa-graph report` adds intervals.
//
// in    lang      STRING   language of the tree; null for all
// out   model     STRING   empty where its name is unknown
// out   opponent  STRING   the other model; null for people
// out   duels     INTEGER  comparisons of one reply with the other
// out   won       INTEGER  those that the model's reply won; ties count for nobody
// out   won_share FLOAT    won of duels
// out   pairs     INTEGER  different pairs of replies
// rows  many               by model, people first
// needs ranks, posts by models
// cost  scan of the posts, then one look at the siblings and rankings of the models' posts
// mode  read
MATCH (post:Post)-[:REPLY_TO]->(parent:Post)<-[:REPLY_TO]-(other:Post)
WHERE post.synthetic AND post.role = 'assistant' AND NOT post.deleted AND NOT other.deleted
  AND (NOT other.synthetic OR coalesce(post.model_name, '') <> coalesce(other.model_name, ''))
  AND ($lang IS NULL OR EXISTS { (:Tree {id: post.tree, lang: $lang}) })
CALL (post, parent, other) {
  MATCH (parent)<-[:UNDER]-(ranking:Ranking)-[here:RANKED]->(post), (ranking)-[there:RANKED]->(other)
  RETURN count(*) AS ranked, count(CASE WHEN here.position < there.position THEN 1 END) AS first
}
WITH coalesce(post.model_name, '') AS model,
  CASE WHEN other.synthetic THEN coalesce(other.model_name, '') END AS opponent,
  CASE WHEN ranked > 0 THEN ranked WHEN post.rank <> other.rank THEN 1 ELSE 0 END AS duels,
  CASE WHEN ranked > 0 THEN first WHEN post.rank < other.rank THEN 1 ELSE 0 END AS won
WHERE duels > 0
WITH model, opponent, sum(duels) AS duels, sum(won) AS won, count(*) AS pairs
RETURN model, opponent, duels, won, toFloat(won) / duels AS won_share, pairs
ORDER BY model, opponent IS NOT NULL, opponent;
