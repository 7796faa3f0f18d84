// explore/edited_posts: posts whose text was edited, and by whom.
//
// in    lang       STRING          language of the post; null for all
// out   tree       STRING          id
// out   post       STRING          id
// out   author     STRING          user id; null for the system
// out   edits      INTEGER
// out   editors    LIST<STRING>    user ids of the editors
// out   by_others  BOOLEAN         whether one of them is not the author
// out   before     STRING          the first text
// out   now        STRING          the last one
// out   edited     ZONED DATETIME  the last time
// rows  many                       the last edit first
// needs edits
// cost  scan of the versions; sorts the posts that have any
// mode  read
MATCH (version:Revision)-[:VERSION_OF]->(post:Post)
WHERE $lang IS NULL OR post.lang = $lang
WITH post, max(version.number) AS edits, max(version.created) AS edited
WHERE edits > 0
WITH post, edits, edited ORDER BY edited DESC, post.id
CALL (post) {
  MATCH (version:Revision)-[:VERSION_OF]->(post)
  WITH version ORDER BY version.number
  WITH collect(version) AS versions
  UNWIND versions[1..] AS version
  WITH versions, version.editor AS editor ORDER BY editor
  RETURN collect(DISTINCT editor) AS editors, versions[0].text AS before
}
RETURN post.tree AS tree, post.id AS post, post.author AS author, edits, editors,
  any(editor IN editors WHERE editor <> coalesce(post.author, '')) AS by_others, before, post.text AS now, edited
ORDER BY edited DESC, post;
