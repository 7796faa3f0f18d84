// clients/enable: lets an API client in, or shuts it out.
//
// in    id       STRING
// in    enabled  BOOLEAN
// out   client   MAP
// rows  maybe
// cost  one seek
// mode  write
MATCH (client:Client {id: $id})
SET client.enabled = $enabled
RETURN client {.*, key_hash: null} AS client;
