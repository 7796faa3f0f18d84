// datasets/unknown_users: the ids that belong to no user and no author, with the users who have such an id as their name.
//
// in    ids    LIST<STRING>
// out   id     STRING
// out   named  LIST<STRING>  ids of at most three users who have it as a name or display name
// rows  many                 one for each unknown id, in order
// cost  four seeks for each id
// mode  read
UNWIND $ids AS id
WITH id
WHERE NOT EXISTS { (user:User) WHERE user.id = id }
  AND NOT EXISTS { (post:Post) WHERE post.author = id AND post.created IS NOT NULL }
RETURN id, COLLECT {
  CALL (id) {
    MATCH (user:User) WHERE user.name = id RETURN user.id AS named
    UNION
    MATCH (user:User) WHERE user.display_name = id RETURN user.id AS named
  }
  RETURN named ORDER BY named LIMIT 3
} AS named
ORDER BY id;
