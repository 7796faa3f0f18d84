// clients/entitle: gives an API client the right to ask the graph anything, or takes it.
//
// in    id       STRING
// in    analyst  BOOLEAN
// out   client   MAP
// rows  maybe
// cost  one seek
// mode  write
MATCH (client:Client {id: $id})
SET client.analyst = $analyst
RETURN client {.*, key_hash: null} AS client;
