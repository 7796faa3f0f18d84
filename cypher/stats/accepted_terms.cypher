// stats/accepted_terms: how many enabled users have accepted the terms.
//
// out   users  INTEGER
// rows  one
// cost  one index entry for each of these users; run rarely
// mode  read
MATCH (user:User) WHERE user.terms_accepted >= datetime({year: 1970}) AND user.enabled AND NOT user.deleted
RETURN count(user) AS users;
