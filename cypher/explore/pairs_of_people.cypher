// explore/pairs_of_people: who replies to whom.
//
// Who answers himself is one of these pairs. `back` counts in all languages.
//
// in    lang      STRING   language of the tree; null for all
// in    at_least  INTEGER  replies of one to the other; null for 2
// in    limit     INTEGER  null for 100
// out   replier   STRING   user id
// out   author    STRING   user id of who is answered
// out   replies   INTEGER  of the one to the other
// out   trees     INTEGER  in so many different trees
// out   back      INTEGER  replies of the other to the one
// rows  many               the most replies first
// cost  scan, heavy (6.8 s in a million posts): of the replies, what they answer and who wrote both
// mode  read
MATCH (replier:User)-[:WROTE]->(reply:Post)-[:REPLY_TO]->(:Post)<-[:WROTE]-(author:User)
WHERE $lang IS NULL OR EXISTS { (:Tree {id: reply.tree, lang: $lang}) }
WITH replier, author, count(*) AS replies
WHERE replies >= coalesce($at_least, 2)
WITH replier, author, replies ORDER BY replies DESC, replier.id, author.id LIMIT coalesce($limit, 100)
CALL (replier, author) {
  MATCH (replier)-[:WROTE]->(reply:Post)-[:REPLY_TO]->(:Post)<-[:WROTE]-(author)
  WHERE $lang IS NULL OR EXISTS { (:Tree {id: reply.tree, lang: $lang}) }
  RETURN count(DISTINCT reply.tree) AS trees
}
RETURN replier.id AS replier, author.id AS author, replies, trees,
  COUNT { (author)-[:WROTE]->(:Post)-[:REPLY_TO]->(:Post)<-[:WROTE]-(replier) } AS back
ORDER BY replies DESC, replier, author;
