// posts/reviews: what was said of a post by labels: in reviews, in remarks without a task, in reports, and by an import.
//
// in    id       STRING
// out   kind     STRING          review, remark, report or import; null once when nothing was said
// out   user     STRING          id of the user who said it; null: an import
// out   created  ZONED DATETIME  null: an import
// out   text     STRING          the reason of a report
// out   labels   LIST<LIST>      each: name, value
// rows  many                     the oldest first, those of an import last; none for an unknown post
// cost  one seek, one expand for each row
// mode  read
MATCH (post:Post {id: $id})
OPTIONAL CALL (post) {
  MATCH (post)<-[:OF]-(review:Review)
  RETURN 'review' AS kind, review.maker AS user, review.created AS created, review.text AS text,
    [name IN <<explore/labels>> | [name, review[name]]] AS labels
  UNION ALL
  MATCH (post)<-[:OF]-(review:Remark)<-[:REMARKED]-(user:User)
  RETURN 'remark' AS kind, user.id AS user, review.created AS created, review.text AS text,
    [name IN <<explore/labels>> | [name, review[name]]] AS labels
  UNION ALL
  MATCH (post)<-[:ABOUT]-(review:Report)<-[:MADE]-(user:User)
  RETURN 'report' AS kind, user.id AS user, review.created AS created, review.text AS text,
    [name IN <<explore/labels>> | [name, review[name]]] AS labels
  UNION ALL
  WITH post WHERE post.imported_labels IS NOT NULL
  RETURN 'import' AS kind, null AS user, null AS created, '' AS text,
    [name IN post.imported_labels | [name, post['label_' + name]]] AS labels
}
RETURN kind, user, created, text, labels ORDER BY created, user, kind;
