// stats/posts: some posts with all that makes them count for their authors and languages.
//
// in    ids   LIST<STRING>
// out   post  MAP           id, author, at INTEGER epoch milliseconds, lang, depth, role, deleted, accepted, synthetic, aborted BOOLEAN, reactions LIST<STRING>, labels LIST<MAP>
// rows  many
// cost  a seek for each, an expand for each reaction, review, remark and report
// mode  read
UNWIND $ids AS id
MATCH (post:Post {id: id})
RETURN post {
    id: post.id, author: post.author, at: post.created.epochMillis, lang: post.lang, depth: post.depth, role: post.role,
    deleted: post.deleted, accepted: coalesce(post.accepted, false), synthetic: post.synthetic,
    aborted: post.depth = 0 AND EXISTS { (:Tree {id: post.tree, state: 'aborted_low_grade'}) },
    reactions: [(post)<-[reaction:REACTED]-() WHERE reaction.emoji IN ['+1', '-1', 'red_flag'] | reaction.emoji],
    labels: [(post)<-[:OF|ABOUT]-(said) | said {.*}]
  } AS post;
