// moderation/remove: delete posts, with everything that refers to them.
//
// The posts must have no replies outside the list. A tree is deleted with its root. Rankings that lose a candidate stay;
// open tasks that offer one of the posts are deleted, and their places are opened again.
//
// in    ids     LIST<STRING>
// in    now_ms  INTEGER       epoch milliseconds
// out   id      STRING        of a deleted tree
// out   lang    STRING
// out   state   STRING        the state it was in
// rows  many
// cost  a seek for each post, an expand for each node that refers to it
// mode  write
CALL () {
  UNWIND $ids AS id
  WITH id ORDER BY id
  MATCH (post:Post {id: id})
  SET post:Post
  RETURN collect(post) AS posts
}
CALL (posts) {
  UNWIND posts AS post
  MATCH (post)<-[:OFFERED]-(task:Task) WHERE task.done IS NULL
  WITH DISTINCT task
  OPTIONAL MATCH (task)-[:LEASES]->(place:Post)
  WITH task, place ORDER BY place.id, task.id
  SET place:Post
  SET task:Task
  DETACH DELETE task
  WITH DISTINCT place WHERE place IS NOT NULL
  <<posts/reopen post=place pool=pool wants=wants key=key lease=LEASES>>
}
CALL (posts) {
  UNWIND posts AS post
  MATCH (post)<-[:GAVE]-(task:Task {collective: false})
  DETACH DELETE task
}
CALL (posts) {
  UNWIND posts AS post
  MATCH (post)<-[:FOR]-(task:Task)
  DETACH DELETE task
}
CALL (posts) {
  UNWIND posts AS post
  MATCH (post)<-[:OF|ABOUT|UNDER|VERSION_OF|VOTES_ON]-(said:Review|Remark|Report|Ranking|Revision|EndVote)
  DETACH DELETE said
}
CALL (posts) {
  UNWIND posts AS post
  MATCH (post)-[:FLAGGED]->(flag:Flag)
  DETACH DELETE flag
}
CALL (posts) {
  UNWIND posts AS post
  MATCH (tree:Tree {id: post.id})
  RETURN collect(tree) AS trees, collect({id: tree.id, lang: tree.lang, state: tree.state}) AS gone
}
CALL (gone) {
  UNWIND gone AS each
  WITH each.lang AS tag, each.state AS state, count(*) AS trees ORDER BY tag, state
  MATCH (language:Language {tag: tag})
  SET language:Language
  SET language[state] = coalesce(language[state], trees) - trees
}
CALL (posts, trees) {
  UNWIND posts + trees AS node
  DETACH DELETE node
}
UNWIND gone AS each
RETURN each.id AS id, each.lang AS lang, each.state AS state;
