// users/find_for_any_client: a user by name in any frontend: in the preferred one, else the oldest.
//
// in    preferred  STRING  id of an API client
// in    method     STRING
// in    name       STRING
// out   user       MAP
// rows  maybe
// cost  an index seek, as many rows as frontends know the name
// mode  read
MATCH (user:User {method: $method, name: $name})
RETURN user {.*} AS user ORDER BY user.client = $preferred DESC, user.created LIMIT 1;
