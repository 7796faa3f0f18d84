// tasks/count_end_votes: the number of end votes that a user can give, estimated from the first places as in tasks/count_available.
//
// in    client    STRING   id of the API client
// in    method    STRING   how the frontend knows the user
// in    name      STRING   the frontend's name of the user
// in    pool      STRING
// in    limit     INTEGER  places seen
// in    closely   INTEGER  places of those that are checked
// in    now_ms    INTEGER  epoch milliseconds
// out   pool      STRING
// out   seen      INTEGER
// out   open      INTEGER
// out   last_key  FLOAT    null unless there are more places
// rows  one
// cost  two seeks, a few expands for each place that is checked
// mode  read
OPTIONAL MATCH (user:User {client: $client, method: $method, name: $name})
CALL (user) {
  MATCH (place:Post) WHERE place.vote_pool = $pool AND place.vote_key < $now_ms
  WITH user, place ORDER BY place.vote_pool, place.vote_key LIMIT $limit
  RETURN collect(place) AS places
}
CALL (user, places) {
  UNWIND places[..$closely] AS place
  RETURN sum(CASE
    WHEN user IS NULL THEN 1
    WHEN
      <<tasks/eligible_vote>>
      THEN 1
    ELSE 0
  END) AS found
}
RETURN $pool AS pool, size(places) AS seen, CASE WHEN size(places) = $limit THEN places[-1].vote_key END AS last_key,
  CASE WHEN size(places) > $closely THEN toInteger(round(1.0 * found * size(places) / $closely)) ELSE found END AS open;
