// clients/by_key_hash: the API client that a key belongs to.
//
// in    key_hash  STRING  sha256 of the key, hex
// out   client    MAP
// rows  maybe
// cost  one seek
// mode  read
MATCH (client:Client {key_hash: $key_hash})
RETURN client {.*} AS client;
