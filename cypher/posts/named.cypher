// posts/named: the post that a frontend knows by an id of its own.
//
// in    client       STRING  id of the API client
// in    frontend_id  STRING
// out   id           STRING
// rows  maybe
// cost  one seek
// mode  read
MATCH (post:Post {client: $client, frontend_id: $frontend_id})
RETURN post.id AS id;
