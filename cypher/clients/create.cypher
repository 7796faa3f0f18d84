// clients/create: create an API client, or return the one that has this id.
//
// in    id          STRING
// in    key_hash    STRING  sha256 of the key, hex
// in    properties  MAP     description, admin_email, enabled, trusted, analyst, frontend_type, capabilities, writes_as_model
// rows  none
// cost  one seek
// mode  write
MERGE (client:Client {id: $id})
SET client.key_hash = $key_hash
SET client += $properties;
