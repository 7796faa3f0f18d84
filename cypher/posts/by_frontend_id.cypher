// posts/by_frontend_id: the id of the post that has this frontend id.
//
// in    client       STRING  id of the API client
// in    frontend_id  STRING
// out   id           STRING
// rows  maybe
// cost  one seek
// mode  read
MATCH (post:Post {client: $client, frontend_id: $frontend_id})
RETURN post.id AS id;
