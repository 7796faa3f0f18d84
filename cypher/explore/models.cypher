// explore/models: how the replies of models compare with those of people.
//
// Mean ranks of different models are comparable only among the same siblings; the duels with people are fairer.
//
// in    lang            STRING   language of the tree; null for all
// out   model           STRING   null for people, empty where the name is unknown
// out   replies         INTEGER  live ones
// out   accepted_share  FLOAT    of those with a verdict; null where none has one
// out   ranked          INTEGER
// out   mean_rank       FLOAT    0 = best; null where none is ranked
// out   best_share      FLOAT    of the ranked ones, those that are the best of their siblings
// out   duels           INTEGER  pairs with a ranked reply of a person to the same post; null for people
// out   won_share       FLOAT    of the duels, those in which the model's reply is ahead
// rows  many                     people first, then the model with most replies
// needs posts
// cost  scan of the posts, then one look at the siblings of the models' posts
// mode  read
CALL () {
  MATCH (post:Post)
  WHERE post.role = 'assistant' AND NOT post.deleted AND NOT post.synthetic
    AND ($lang IS NULL OR EXISTS { (:Tree {id: post.tree, lang: $lang}) })
  RETURN null AS model, post.accepted AS accepted, post.rank AS rank, 0 AS duels, 0 AS won
  UNION ALL
  MATCH (post:Post)
  WHERE post.role = 'assistant' AND NOT post.deleted AND post.synthetic
    AND ($lang IS NULL OR EXISTS { (:Tree {id: post.tree, lang: $lang}) })
  CALL (post) {
    MATCH (post)-[:REPLY_TO]->(:Post)<-[:REPLY_TO]-(other:Post)
    WHERE NOT other.synthetic AND NOT other.deleted AND other.rank IS NOT NULL AND post.rank IS NOT NULL
    RETURN count(*) AS duels, count(CASE WHEN post.rank < other.rank THEN 1 END) AS won
  }
  RETURN coalesce(post.model_name, '') AS model, post.accepted AS accepted, post.rank AS rank, duels, won
}
WITH model, count(*) AS replies, avg(CASE WHEN accepted THEN 1.0 WHEN NOT accepted THEN 0.0 END) AS accepted_share,
  count(rank) AS ranked, avg(toFloat(rank)) AS mean_rank,
  avg(CASE WHEN rank = 0 THEN 1.0 WHEN rank IS NOT NULL THEN 0.0 END) AS best_share, sum(duels) AS duels, sum(won) AS won
RETURN model, replies, accepted_share, ranked, mean_rank, best_share,
  CASE WHEN model IS NOT NULL THEN duels END AS duels, CASE WHEN duels > 0 THEN toFloat(won) / duels END AS won_share
ORDER BY model IS NOT NULL, replies DESC, model;
