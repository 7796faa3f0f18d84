// posts/complaints: some posts with what people said against them.
//
// in    ids         LIST<STRING>
// in    limit       INTEGER         reports of each post
// out   post        MAP
// out   state       STRING          of the tree
// out   author      STRING          display name; null for the system
// out   red_flags   INTEGER         people who flagged it
// out   reports     INTEGER
// out   reasons     LIST<MAP>       the newest reports; each: text, created, and its labels
// out   processed   BOOLEAN         whether a moderator has looked since the last flag; null where no flag was raised
// out   created     ZONED DATETIME  when it was last flagged; null where no flag was raised
// rows  many                        in the order of the ids; posts that are not there are left out
// cost  a few seeks for each post, a look at each of its reports and reactions
// mode  read
UNWIND range(0, size($ids) - 1) AS position
MATCH (post:Post {id: $ids[position]})
OPTIONAL MATCH (post)-[:FLAGGED]->(flag:Flag)
CALL (post) {
  MATCH (report:Report)-[:ABOUT]->(post)
  WITH report ORDER BY report.created DESC, report.text
  RETURN count(report) AS reports, collect(report {.*})[..$limit] AS reasons
}
CALL (post) {
  OPTIONAL MATCH (tree:Tree {id: post.tree})
  RETURN tree.state AS state
}
RETURN post {
    <<posts/fields>>,
    <<posts/relations>>
  } AS post, state, head([(post)<-[:WROTE]-(writer:User) | writer.display_name]) AS author,
  COUNT { (post)<-[:REACTED {emoji: 'red_flag'}]-() } AS red_flags, reports, reasons,
  flag.processed AS processed, flag.created AS created
ORDER BY position;
