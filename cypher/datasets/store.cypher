// datasets/store: write whole trees of a file; opens no places and counts nothing (see datasets/count_trees).
//
// in    trees  LIST<MAP>  each: tree MAP its properties; posts LIST<MAP>, the root first and each after its parent,
//                         each: post MAP its properties; seconds, nanosecond INTEGER its creation since 1970, since a time
//                         value costs the driver more than all other fields; above INTEGER place of its parent, null for the root
// in    labels  MAP        by language tag in lower case: the label whose index a text is searched in
// rows  none
// cost  no walk; a seek for each author
// mode  write
UNWIND $trees AS row
CREATE (tree:Tree)
SET tree = row.tree
WITH tree, row.posts AS given
UNWIND given AS each
WITH tree, each, toLower(each.post.lang) AS lang, datetime.fromEpoch(each.seconds, each.nanosecond) AS created
CREATE (post:Post:$(<<posts/text_label lang=lang>>))
SET post = each.post, post.created = created, post.day = format(created, 'uuuuMMdd')
WITH tree, collect(post) AS posts, collect(each) AS given
WITH tree, posts, given, head(posts) AS root
CREATE (tree)-[:ROOT]->(root)
WITH posts, given
UNWIND range(0, size(posts) - 1) AS i
WITH posts[i] AS post, posts[given[i].above] AS parent, given[i].post.author AS author
FOREACH (above IN CASE WHEN parent IS NULL THEN [] ELSE [parent] END | CREATE (post)-[:REPLY_TO]->(above))
WITH post, author WHERE author IS NOT NULL
// Sorted, so that concurrent imports lock in the same order.
WITH post, author ORDER BY author
MATCH (user:User {id: author})
CREATE (user)-[:WROTE]->(post);
