// users/page: the users of a page, by a property that is a name, and by id.
// One of the four subqueries runs, each along the index of its order. An index orders texts as UTF-8, by code points; in
// memory they are ordered as UTF-16. Comparing or sorting names in memory would lose users between two pages. So there is
// one bound, not two, and only users with the same name are sorted, by id. The bound uses CASE: for `NOT (… AND …)` the
// planner makes two seeks and sorts their union in memory, if statistics say that there are few users or none. A search
// reads the names in the index, which is faster than a text index where many match, and never slow.
//
// in    client   STRING   id of the API client; null: of all
// in    from     STRING   the bound, by (<<property>>, id); exclusive
// in    from_id  STRING
// in    desc     BOOLEAN  whether to read in descending order
// in    search   STRING   a part of the <<property>>, compared exactly; null: any
// in    method   STRING   how the frontend knows the user; null: any
// in    limit    INTEGER
// out   users    LIST<MAP>
// rows  one
// cost  a seek, the users of the page and those of its last <<property>>; with `search` or `method` also the users that do not match, 100 thousand in 35 or 80 ms
// mode  read
CALL () {
  WITH 1 AS one WHERE $client IS NULL AND NOT $desc
  MATCH (user:User)
  USING INDEX user:User(<<property>>)
  WHERE user.<<property>> >= $from
    AND CASE user.<<property>> WHEN $from THEN user.id > $from_id ELSE true END
    AND ($search IS NULL OR user.<<property>> CONTAINS $search) AND ($method IS NULL OR user.method = $method)
  WITH user.<<property>> AS name, collect(user) AS same ORDER BY name
  CALL (same) { UNWIND same AS user RETURN user ORDER BY user.id }
  RETURN user LIMIT $limit
  UNION ALL
  WITH 1 AS one WHERE $client IS NULL AND $desc
  MATCH (user:User)
  USING INDEX user:User(<<property>>)
  WHERE user.<<property>> <= $from
    AND CASE user.<<property>> WHEN $from THEN user.id < $from_id ELSE true END
    AND ($search IS NULL OR user.<<property>> CONTAINS $search) AND ($method IS NULL OR user.method = $method)
  WITH user ORDER BY user.<<property>> DESC
  WITH user.<<property>> AS name, collect(user) AS same ORDER BY name DESC
  CALL (same) { UNWIND same AS user RETURN user ORDER BY user.id DESC }
  RETURN user LIMIT $limit
  UNION ALL
  WITH 1 AS one WHERE $client IS NOT NULL AND NOT $desc
  MATCH (user:User)
  USING INDEX user:User(client, <<property>>)
  WHERE user.client = $client AND user.<<property>> >= $from
    AND CASE user.<<property>> WHEN $from THEN user.id > $from_id ELSE true END
    AND ($search IS NULL OR user.<<property>> CONTAINS $search) AND ($method IS NULL OR user.method = $method)
  WITH user.client AS client, user.<<property>> AS name, collect(user) AS same ORDER BY client, name
  CALL (same) { UNWIND same AS user RETURN user ORDER BY user.id }
  RETURN user LIMIT $limit
  UNION ALL
  WITH 1 AS one WHERE $client IS NOT NULL AND $desc
  MATCH (user:User)
  USING INDEX user:User(client, <<property>>)
  WHERE user.client = $client AND user.<<property>> <= $from
    AND CASE user.<<property>> WHEN $from THEN user.id < $from_id ELSE true END
    AND ($search IS NULL OR user.<<property>> CONTAINS $search) AND ($method IS NULL OR user.method = $method)
  WITH user ORDER BY user.client DESC, user.<<property>> DESC
  WITH user.client AS client, user.<<property>> AS name, collect(user) AS same ORDER BY client DESC, name DESC
  CALL (same) { UNWIND same AS user RETURN user ORDER BY user.id DESC }
  RETURN user LIMIT $limit
}
