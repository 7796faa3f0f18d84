// users/by_id: a user by id.
//
// in    id      STRING
// in    client  STRING  id of the API client of the user; null: any
// out   user    MAP
// rows  maybe
// cost  one seek
// mode  read
MATCH (user:User {id: $id}) WHERE $client IS NULL OR user.client = $client
RETURN user {.*} AS user;
