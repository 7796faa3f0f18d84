// clients/rotate: replace the key of an API client; the old key stops working.
//
// in    id        STRING
// in    key_hash  STRING  sha256 of the new key, hex
// out   client    MAP
// rows  maybe
// cost  one seek
// mode  write
MATCH (client:Client {id: $id})
SET client.key_hash = $key_hash
RETURN client {.*, key_hash: null} AS client;
