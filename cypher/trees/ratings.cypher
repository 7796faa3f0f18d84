// trees/ratings: the ratings of some prompts; locks them.
//
// in    ids    LIST<STRING>  root ids
// out   id     STRING
// out   mu     FLOAT         null for a prompt never ranked
// out   sigma  FLOAT         null for a prompt never ranked
// rows  many
// cost  a seek for each
// mode  write
UNWIND $ids AS id
WITH id ORDER BY id
MATCH (post:Post {id: id})
SET post:Post
RETURN id, properties(post).rating_mu AS mu, properties(post).rating_sigma AS sigma;
