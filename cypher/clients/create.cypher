// clients/create: a new API client, or the same again when its id exists.
//
// in    id          STRING
// in    key_hash    STRING  sha256 of the key, hex
// in    properties  MAP     description, admin_email, enabled, trusted, analyst, frontend_type, capabilities
// rows  none
// cost  one seek
// mode  write
MERGE (client:Client {id: $id})
SET client.key_hash = $key_hash
SET client += $properties;
