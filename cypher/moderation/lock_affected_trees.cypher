// moderation/lock_affected_trees: the trees that change when some users are removed; locks them.
//
// It locks every tree in which the users wrote, reviewed, ranked, voted, remarked or reacted, so that no post there is deleted or
// restored meanwhile: reviews, remarks and reactions count while their post is live.
//
// in    users  LIST<STRING>
// out   known  LIST<STRING>  the users that exist
// out   trees  LIST<STRING>  the trees whose state may change without the users
// rows  one
// cost  a walk through everything that the users gave
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
    MATCH (user)-[:REMARKED|MADE]->(:Remark|Report|EndVote)-[:OF|ABOUT|VOTES_ON]->(post:Post)
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
// A user may have been merged into another while this statement waited for a lock.
RETURN [user IN users WHERE user.id IS NOT NULL | user.id] AS known, trees;
