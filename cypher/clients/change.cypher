// clients/change: change the rights and capabilities of an API client; what is null stays.
//
// in    id            STRING
// in    enabled       BOOLEAN
// in    trusted       BOOLEAN
// in    analyst       BOOLEAN
// in    capabilities  LIST<STRING>  all of them
// in    added         LIST<STRING>  capabilities that it gets in addition
// in    removed       LIST<STRING>  capabilities that it loses
// out   client        MAP
// rows  maybe
// cost  one seek
// mode  write
MATCH (client:Client {id: $id})
// Two changes at once must not undo each other, so the old capabilities are read under the lock.
SET client:Client
WITH client, coalesce($capabilities, properties(client).capabilities, []) AS kept
WITH client, kept + [name IN $added WHERE NOT name IN kept] AS all
SET client.enabled = coalesce($enabled, client.enabled),
  client.trusted = coalesce($trusted, client.trusted),
  client.analyst = coalesce($analyst, client.analyst),
  client.capabilities = [name IN all WHERE NOT name IN $removed]
RETURN client {.*, key_hash: null} AS client;
