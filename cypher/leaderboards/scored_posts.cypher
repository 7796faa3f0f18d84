// leaderboards/scored_posts: some posts with everything that counts for their authors and languages.
//
// in    ids   LIST<STRING>
// out   post  MAP           id, author, at INTEGER epoch milliseconds, lang, depth, role, deleted, accepted, synthetic, aborted BOOLEAN, reactions LIST<STRING>, labels LIST<MAP>
// rows  many
// cost  a seek for each, an expand for each reaction, review, remark and report
// mode  read
UNWIND $ids AS id
MATCH (post:Post {id: id})
RETURN post {
    <<leaderboards/post>>
  } AS post;
