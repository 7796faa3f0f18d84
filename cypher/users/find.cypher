// users/find: a user by the frontend's name.
//
// in    client  STRING  id of the API client
// in    method  STRING
// in    name    STRING
// out   user    MAP
// rows  maybe
// cost  one seek
// mode  read
MATCH (user:User {client: $client, method: $method, name: $name})
RETURN user {.*} AS user;
