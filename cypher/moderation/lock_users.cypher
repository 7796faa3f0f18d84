// moderation/lock_users: lock users, in the order of their ids.
//
// in    users  LIST<STRING>
// rows  none
// cost  a seek for each
// mode  write
UNWIND $users AS id
WITH id ORDER BY id
MATCH (user:User {id: id})
SET user:User;
