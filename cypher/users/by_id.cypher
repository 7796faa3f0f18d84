// users/by_id: a user by the id that the service gave him.
//
// in    id      STRING
// in    client  STRING  id of the API client that he has to belong to; null: any
// out   user    MAP
// rows  maybe
// cost  one seek
// mode  read
MATCH (user:User {id: $id}) WHERE $client IS NULL OR user.client = $client
RETURN user {.*} AS user;
