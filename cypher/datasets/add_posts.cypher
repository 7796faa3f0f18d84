// datasets/add_posts: add replies to stored trees; opens no places and counts nothing; the caller holds the locks of the trees.
//
// in    posts   LIST<MAP>  each after its parent, if the parent is new too; each: post MAP its properties; parent STRING id;
//                          seconds, nanosecond INTEGER its creation since 1970
// in    labels  MAP        by language tag in lower case: the label whose index a text is searched in
// rows  none
// cost  two seeks for each post
// mode  write
UNWIND $posts AS each
WITH each, datetime({epochSeconds: each.seconds, nanosecond: each.nanosecond}) AS created,
  toLower(each.post.lang) AS lang
CREATE (post:Post:$(<<posts/text_label lang=lang>>))
SET post = each.post, post.created = created, post.day = format(created, 'uuuuMMdd')
WITH collect({post: post, parent: each.parent}) AS new
UNWIND new AS each
WITH each.post AS post, each.parent AS above
MATCH (parent:Post {id: above})
CREATE (post)-[:REPLY_TO]->(parent)
WITH post
MATCH (tree:Tree {id: post.tree})
SET tree.max_depth = CASE WHEN tree.max_depth < post.depth THEN post.depth ELSE tree.max_depth END;
