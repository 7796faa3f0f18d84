// moderation/touched: the trees that lose or change something when users go; locks them.
//
// Locked are all in which the users wrote or said anything, so that nobody deletes or restores there meanwhile: what was
// said of a post counts while the post is live.
//
// in    users  LIST<STRING>
// out   known  LIST<STRING>  the users that there are
// out   trees  LIST<STRING>  those that may go on otherwise without the users
// rows  one
// cost  a walk through all that the users wrote and said
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
    RETURN post.tree AS tree_id, true AS changes
    UNION
    UNWIND users AS user
    MATCH (user)-[:MADE]->(:Ranking)-[:RANKED]->(post:Post)
    RETURN post.tree AS tree_id, true AS changes
    UNION
    UNWIND users AS user
    MATCH (user)-[:MADE]->(:Review)-[:OF]->(post:Post)
    RETURN post.tree AS tree_id, post.accepted IS NULL AS changes
    UNION
    UNWIND users AS user
    MATCH (user)-[:REMARKED|MADE]->(:Remark|Report)-[:OF|ABOUT]->(post:Post)
    RETURN post.tree AS tree_id, false AS changes
    UNION
    UNWIND users AS user
    MATCH (user)-[:REACTED]->(post:Post)
    RETURN post.tree AS tree_id, false AS changes
  }
  WITH tree_id, max(changes) AS changes ORDER BY tree_id
  MATCH (tree:Tree {id: tree_id})
  SET tree:Tree
  RETURN collect(CASE WHEN changes THEN tree.id END) AS trees
}
// Somebody may have been merged away while this waited for a lock.
RETURN [user IN users WHERE user.id IS NOT NULL | user.id] AS known, trees;
