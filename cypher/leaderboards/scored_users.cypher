// leaderboards/scored_users: a page of users by id, system users left out.
//
// in    after    STRING   id of the last user of the page before; empty at the start
// in    limit    INTEGER
// out   user     MAP
// rows  many              by id
// cost  an index range
// mode  read
MATCH (user:User) WHERE user.id > $after AND user.method <> 'system'
RETURN user {.*} AS user ORDER BY user.id LIMIT $limit;
