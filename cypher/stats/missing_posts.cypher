// stats/missing_posts: the posts that growing trees still lack of their goals.
//
// out   posts  INTEGER  beside those that are accepted or under review
// rows  one
// cost  an index range of growing trees, one look at each post of them
// mode  read
CALL () {
  MATCH (tree:Tree) WHERE tree.state = 'growing' AND tree.lang IS NOT NULL
  CALL (tree) {
    MATCH (post:Post {tree: tree.id}) WHERE NOT post.deleted AND coalesce(post.accepted, true)
    RETURN count(post) AS posts
  }
  RETURN sum(CASE WHEN tree.goal > posts THEN tree.goal - posts ELSE 0 END) AS missing
}
RETURN missing AS posts;
