// exchange/store: writes whole trees as a file gives them. Opens no places and counts nothing: see exchange/count.
//
// in    trees  LIST<MAP>  each: tree MAP its properties; posts LIST<MAP>, the root first and each after its parent,
//                         each: post MAP its properties; seconds, nanosecond INTEGER its creation since 1970, for a time
//                         costs the driver more than all the rest; above INTEGER place of its parent, null for the root
// in    labels  MAP        by language tag in lower case: the label whose index a text is searched in
// rows  none
// cost  no walk; a seek for each author
// mode  write
UNWIND $trees AS row
CREATE (tree:Tree)
SET tree = row.tree
WITH row, tree
CALL (row) {
  UNWIND range(0, size(row.posts) - 1) AS i
  WITH i, row.posts[i] AS each, row.posts[i].post AS properties
  WITH i, properties, datetime({epochSeconds: each.seconds, nanosecond: each.nanosecond}) AS created,
    toLower(properties.lang) AS lang
  CREATE (post:Post:$(coalesce($labels[lang], $labels[split(lang, '-')[0]], 'InOther')))
  SET post = properties {.*, created: created, day: format(created, 'uuuuMMdd')}
  WITH i, post ORDER BY i
  RETURN collect(post) AS posts
}
WITH row, tree, posts, head(posts) AS root
CREATE (tree)-[:ROOT]->(root)
WITH row, posts
UNWIND range(0, size(posts) - 1) AS i
WITH posts[i] AS post, posts[row.posts[i].above] AS parent
FOREACH (above IN CASE WHEN parent IS NULL THEN [] ELSE [parent] END | CREATE (post)-[:REPLY_TO]->(above))
WITH post WHERE post.author IS NOT NULL
MATCH (user:User {id: post.author})
CREATE (user)-[:WROTE]->(post);
