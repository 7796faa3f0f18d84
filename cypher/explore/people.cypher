// explore/people: what each person contributed, and how much of it was accepted.
//
// out   person          STRING          user id
// out   name            STRING          to show
// out   given           INTEGER         posts, reviews, rankings, votes and reports
// out   prompts         INTEGER
// out   replies         INTEGER
// out   standing        INTEGER         prompts and replies that are live and accepted
// out   rejected        INTEGER         prompts and replies that were rejected
// out   accepted_share  FLOAT           of those with a verdict; null where none has one
// out   reviews         INTEGER
// out   rankings        INTEGER
// out   reactions       INTEGER         skips not counted
// out   first_post      ZONED DATETIME  null for none
// out   last_post       ZONED DATETIME
// rows  many                            the most contributions first
// needs people
// cost  scan of the users, whom it sorts; one look at each post, review, ranking and reaction
// mode  read
MATCH (user:User)
WITH user, COUNT { (user)-[:WROTE]->() } + COUNT { (user)-[:MADE]->() } AS given
WHERE given > 0
WITH user, given ORDER BY given DESC, user.id
CALL (user) {
  MATCH (user)-[:WROTE]->(post:Post)
  RETURN count(post) AS posts, count(CASE WHEN post.depth = 0 THEN 1 END) AS prompts,
    count(CASE WHEN post.accepted AND NOT post.deleted THEN 1 END) AS standing,
    count(CASE WHEN post.accepted THEN 1 END) AS accepted, count(CASE WHEN NOT post.accepted THEN 1 END) AS rejected,
    min(post.created) AS first_post, max(post.created) AS last_post
}
CALL (user) {
  MATCH (user)-[:MADE]->(made)
  RETURN count(CASE WHEN made:Review THEN 1 END) AS reviews, count(CASE WHEN made:Ranking THEN 1 END) AS rankings
}
RETURN user.id AS person, user.display_name AS name, given, prompts, posts - prompts AS replies, standing, rejected,
  CASE WHEN accepted + rejected > 0 THEN toFloat(accepted) / (accepted + rejected) END AS accepted_share,
  reviews, rankings,
  COUNT { (user)-[reaction:REACTED]->(:Post) WHERE NOT reaction.emoji STARTS WITH '_skip' } AS reactions,
  first_post, last_post
ORDER BY given DESC, person;
