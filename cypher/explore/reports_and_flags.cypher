// explore/reports_and_flags: reported and flagged posts, and whether a moderator has looked at them.
//
// in    processed  BOOLEAN         whether a moderator has looked; null for both
// out   tree       STRING          id
// out   post       STRING          id
// out   author     STRING          user id; null for the system
// out   reports    INTEGER
// out   red_flags  INTEGER         people who flagged it
// out   processed  BOOLEAN         whether a moderator has looked since the last flag; null where no flag was raised
// out   last       ZONED DATETIME  when the last flag was raised or the last report came
// out   reasons    LIST<STRING>    texts of the first five reports
// out   deleted    BOOLEAN
// rows  many                       the last complaint first
// needs reports
// cost  scan of the flags and the reports; sorts the posts that have any
// mode  read
CALL () {
  MATCH (post:Post)-[:FLAGGED]->(flag:Flag)
  RETURN post
  UNION
  MATCH (:Report)-[:ABOUT]->(post:Post)
  RETURN post
}
OPTIONAL MATCH (post)-[:FLAGGED]->(flag:Flag)
WITH post, flag WHERE $processed IS NULL OR flag.processed = $processed
CALL (post) {
  OPTIONAL MATCH (report:Report)-[:ABOUT]->(post)
  WITH report ORDER BY report.created, report.text
  RETURN count(report) AS reports, max(report.created) AS reported, collect(report.text)[..5] AS reasons
}
WITH post, flag, reports, reasons,
  CASE WHEN flag.created IS NULL OR reported > flag.created THEN reported ELSE flag.created END AS last
RETURN post.tree AS tree, post.id AS post, post.author AS author, reports,
  COUNT { (post)<-[:REACTED {emoji: 'red_flag'}]-(:User) } AS red_flags, flag.processed AS processed, last, reasons,
  post.deleted AS deleted
ORDER BY last DESC, post;
