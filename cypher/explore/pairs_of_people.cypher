// explore/pairs_of_people: who replies to whom.
//
// A person who replies to their own posts makes a pair, too. `back` counts in all languages.
//
// in    lang      STRING   language of the tree; null for all
// in    at_least  INTEGER  replies of one to the other; null for 2
// out   replier   STRING   user id
// out   author    STRING   user id of the author replied to
// out   replies   INTEGER  of the one to the other
// out   trees     INTEGER  in so many different trees
// out   back      INTEGER  replies of the other to the one
// rows  many               the most replies first
// needs people
// cost  scan, heavy: of the users, for each one look at the replies given and one at those received; sorts the pairs
// mode  read
MATCH (replier:User)
CALL (replier) {
  // One person at a time, so that not all pairs are in memory.
  CALL (replier) {
    MATCH (replier)-[:WROTE]->(reply:Post)-[:REPLY_TO]->(:Post)<-[:WROTE]-(author:User)
    WHERE $lang IS NULL OR EXISTS { (:Tree {id: reply.tree, lang: $lang}) }
    RETURN author, count(*) AS replies, count(DISTINCT reply.tree) AS trees, 0 AS back
    UNION ALL
    MATCH (replier)-[:WROTE]->(:Post)<-[:REPLY_TO]-(:Post)<-[:WROTE]-(author:User)
    RETURN author, 0 AS replies, 0 AS trees, count(*) AS back
  }
  RETURN author, sum(replies) AS replies, sum(trees) AS trees, sum(back) AS back
}
WITH replier, author, replies, trees, back
WHERE replies >= coalesce($at_least, 2) AND replies > 0
RETURN replier.id AS replier, author.id AS author, replies, trees, back
ORDER BY replies DESC, replier, author;
