// trees/rankings: all rankings of replies in a tree.
//
// in    id          STRING
// in    with_prompter_replies  BOOLEAN  whether orders of prompter replies count
// out   parent      STRING
// out   orders      LIST<LIST<STRING>>  each: ids of live accepted replies, best first; of rankings without objection
// out   objections  INTEGER             rankings that call all candidates bad
// rows  many                            one for each parent that was ranked
// cost  one seek, an expand for each ranked reply
// mode  read
MATCH (parent:Post {tree: $id})<-[:UNDER]-(ranking:Ranking)
USING INDEX parent:Post(tree)
WHERE NOT parent.deleted AND (parent.role = 'prompter' OR $with_prompter_replies)
CALL (parent, ranking) {
  MATCH (ranking)-[at:RANKED]->(reply:Post)-[:REPLY_TO]->(parent)
  WHERE reply.accepted AND NOT reply.deleted
  WITH reply, at ORDER BY at.position
  RETURN collect(reply.id) AS order
}
RETURN parent.id AS parent, collect(CASE WHEN ranking.not_rankable THEN null ELSE order END) AS orders,
  sum(CASE WHEN ranking.not_rankable THEN 1 ELSE 0 END) AS objections;
