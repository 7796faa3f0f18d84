// users/by_name: the users of an API client, or of all, from a bound on, by name and id.
//
// One of the four parts runs, each along the index that has its order. The index has texts in the order of UTF-8, by
// code points; in memory they are in that of UTF-16. Nothing here may therefore compare or sort names in memory, or
// users would be lost between two pages: there is one bound, not two, and only users of one name are sorted, by id.
// A search reads the names in the index, which beats an index for texts wherever many match and is never slow.
//
// in    client   STRING   id of the API client; null: of all
// in    from     STRING   the bound, by (name, id); it is left out itself
// in    from_id  STRING
// in    desc     BOOLEAN  whether to read downwards
// in    search   STRING   a part of the name, letter by letter; null: any
// in    method   STRING   how the frontend knows the user; null: any
// in    limit    INTEGER
// out   users    LIST<MAP>
// rows  one
// cost  a seek, the users of the page and those of its last name; with `search` or `method` also those passed over, 100 thousand in 35 or 80 ms
// mode  read
CALL () {
  WITH 1 AS one WHERE $client IS NULL AND NOT $desc
  MATCH (user:User)
  WHERE user.name >= $from AND NOT (user.name = $from AND user.id <= $from_id)
    AND ($search IS NULL OR user.name CONTAINS $search) AND ($method IS NULL OR user.method = $method)
  WITH user.name AS name, collect(user) AS same ORDER BY name
  CALL (same) { UNWIND same AS user RETURN user ORDER BY user.id }
  RETURN user LIMIT $limit
  UNION ALL
  WITH 1 AS one WHERE $client IS NULL AND $desc
  MATCH (user:User)
  WHERE user.name <= $from AND NOT (user.name = $from AND user.id >= $from_id)
    AND ($search IS NULL OR user.name CONTAINS $search) AND ($method IS NULL OR user.method = $method)
  WITH user ORDER BY user.name DESC
  WITH user.name AS name, collect(user) AS same ORDER BY name DESC
  CALL (same) { UNWIND same AS user RETURN user ORDER BY user.id DESC }
  RETURN user LIMIT $limit
  UNION ALL
  WITH 1 AS one WHERE $client IS NOT NULL AND NOT $desc
  MATCH (user:User)
  WHERE user.client = $client AND user.name >= $from AND NOT (user.name = $from AND user.id <= $from_id)
    AND ($search IS NULL OR user.name CONTAINS $search) AND ($method IS NULL OR user.method = $method)
  WITH user.client AS client, user.name AS name, collect(user) AS same ORDER BY client, name
  CALL (same) { UNWIND same AS user RETURN user ORDER BY user.id }
  RETURN user LIMIT $limit
  UNION ALL
  WITH 1 AS one WHERE $client IS NOT NULL AND $desc
  MATCH (user:User)
  WHERE user.client = $client AND user.name <= $from AND NOT (user.name = $from AND user.id >= $from_id)
    AND ($search IS NULL OR user.name CONTAINS $search) AND ($method IS NULL OR user.method = $method)
  WITH user ORDER BY user.client DESC, user.name DESC
  WITH user.client AS client, user.name AS name, collect(user) AS same ORDER BY client DESC, name DESC
  CALL (same) { UNWIND same AS user RETURN user ORDER BY user.id DESC }
  RETURN user LIMIT $limit
}
RETURN collect(user {.*}) AS users;
