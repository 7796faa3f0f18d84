// moderation/touched: the trees that lose or change something when users go; locks them.
//
// in    users  LIST<STRING>
// out   known  LIST<STRING>  the users that there are
// out   trees  LIST<STRING>
// rows  one
// cost  a walk through all that the users wrote, reviewed without a verdict yet, and ranked
// mode  write
CALL () {
  UNWIND $users AS id
  MATCH (user:User {id: id})
  RETURN collect(DISTINCT user) AS users
}
CALL (users) {
  CALL (users) {
    UNWIND users AS user
    MATCH (user)-[:WROTE]->(post:Post)
    RETURN post.tree AS tree_id
    UNION
    UNWIND users AS user
    MATCH (user)-[:MADE]->(:Review)-[:OF]->(post:Post) WHERE post.accepted IS NULL
    RETURN post.tree AS tree_id
    UNION
    UNWIND users AS user
    MATCH (user)-[:MADE]->(:Ranking)-[:RANKED]->(post:Post)
    RETURN post.tree AS tree_id
  }
  WITH tree_id ORDER BY tree_id
  MATCH (tree:Tree {id: tree_id})
  SET tree:Tree
  RETURN collect(tree.id) AS trees
}
RETURN [user IN users | user.id] AS known, trees;
