// users/count_places: counts, for the authors of ranked replies, how often a ranking put them first, second and third.
//
// in    ranked  LIST<STRING>    post ids, best first
// in    date    STRING          today, ISO
// rows  none
// cost  three seeks
// mode  write
UNWIND range(0, size($ranked) - 1) AS place
WITH place WHERE place < 3
MATCH (post:Post {id: $ranked[place]})<-[:WROTE]-(author:User)
WITH place, author ORDER BY author.id
MERGE (day:Day {key: author.id + ' ' + $date})
SET day.date = $date
FOREACH (_ IN CASE WHEN EXISTS { (day)<-[:HAD]-() } THEN [] ELSE [1] END |
  // Once a day: the lock of a user is not for everybody who ranks him.
  SET author:User
  CREATE (author)-[:HAD]->(day))
WITH day, 'reply_ranked_' + toString(place + 1) AS counter
SET day[counter] = coalesce(day[counter], 0) + 1;
