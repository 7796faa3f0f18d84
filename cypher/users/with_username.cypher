// users/with_username: the users with this name, at most one for each frontend.
//
// in    client  STRING  id of an API client; null: of all
// in    method  STRING
// in    name    STRING
// out   id      STRING
// rows  many
// cost  an index seek, as many rows as frontends know the name
// mode  read
MATCH (user:User {method: $method, name: $name})
WHERE $client IS NULL OR user.client = $client
RETURN user.id AS id ORDER BY id;
