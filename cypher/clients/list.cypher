// clients/list: every API client, without its key, by description.
//
// out   client  MAP
// rows  many
// cost  one index seek, one row a client
// mode  read
MATCH (client:Client) WHERE client.id >= ''
RETURN client {.*, key_hash: null} AS client ORDER BY client.description, client.id;
