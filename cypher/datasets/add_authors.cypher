// datasets/add_authors: create the authors of a file that do not exist yet.
//
// in    ids     LIST<STRING>    sorted, so that two imports lock in the same order
// in    client  STRING
// in    now     ZONED DATETIME
// out   id      STRING          of those who are users of this service
// rows  many
// cost  a seek for each id
// mode  write
UNWIND $ids AS id
MERGE (user:User {id: id})
  ON CREATE SET user.client = $client, user.method = 'system', user.name = id, user.display_name = id,
    user.enabled = true, user.deleted = false, user.notes = '', user.show_on_leaderboard = false, user.created = $now
WITH user WHERE user.method <> 'system'
RETURN user.id AS id;
