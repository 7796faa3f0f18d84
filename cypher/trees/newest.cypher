// trees/newest: a page of trees in some states, newest first, each with its prompt.
//
// in    states           LIST<STRING>
// in    lang             STRING          null: in every language
// in    low              ZONED DATETIME  none before
// in    high             ZONED DATETIME  none after
// in    high_id          STRING          of those at that time, none from this id on
// in    include_deleted  BOOLEAN         also trees whose prompt is deleted
// in    limit            INTEGER
// out   id               STRING
// out   state            STRING
// out   lang             STRING
// out   created          ZONED DATETIME
// out   goal             INTEGER         accepted posts wanted
// out   origin           STRING
// out   text             STRING          of the prompt
// out   deleted          BOOLEAN         whether the prompt is
// out   depth            INTEGER         of the deepest live post
// out   posts            INTEGER         live ones
// out   accepted         INTEGER         of these
// rows  many                             newest first, by id where times are equal
// cost  one range of one index for each state, read in its order up to the limit; one look at each post of the page's
//       trees. Trees that are left out are read on the way
// mode  read
CALL () {
  WITH 1 AS one WHERE $lang IS NULL
  UNWIND $states AS state
  CALL (state) {
    MATCH (tree:Tree)
    USING INDEX tree:Tree(state, created)
    WHERE tree.state = state AND tree.created >= $low AND tree.created <= $high
      AND CASE tree.created WHEN $high THEN tree.id < $high_id ELSE true END
      AND ($include_deleted OR NOT EXISTS { (tree)-[:ROOT]->(root:Post) WHERE root.deleted })
    RETURN tree ORDER BY tree.state DESC, tree.created DESC, tree.id DESC LIMIT $limit
  }
  RETURN tree
  UNION ALL
  WITH 1 AS one WHERE $lang IS NOT NULL
  UNWIND $states AS state
  CALL (state) {
    MATCH (tree:Tree)
    USING INDEX tree:Tree(state, lang, created)
    WHERE tree.state = state AND tree.lang = $lang AND tree.created >= $low AND tree.created <= $high
      AND CASE tree.created WHEN $high THEN tree.id < $high_id ELSE true END
      AND ($include_deleted OR NOT EXISTS { (tree)-[:ROOT]->(root:Post) WHERE root.deleted })
    RETURN tree ORDER BY tree.state DESC, tree.lang DESC, tree.created DESC, tree.id DESC LIMIT $limit
  }
  RETURN tree
}
WITH tree ORDER BY tree.created DESC, tree.id DESC LIMIT $limit
MATCH (tree)-[:ROOT]->(root:Post)
CALL (tree) {
  MATCH (post:Post {tree: tree.id}) WHERE NOT post.deleted
  RETURN max(post.depth) AS depth, count(post) AS posts, count(CASE WHEN post.accepted THEN 1 END) AS accepted
}
RETURN tree.id AS id, tree.state AS state, tree.lang AS lang, tree.created AS created, tree.goal AS goal,
  tree.origin AS origin, root.text AS text, root.deleted AS deleted, coalesce(depth, 0) AS depth, posts, accepted
ORDER BY created DESC, id DESC;
