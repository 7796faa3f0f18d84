// explore/time_to_finish: the time from the prompt of a tree to its end.
//
// A tree that grew here is finished when it becomes ready for export. For an imported tree that time is unknown: the time
// of its last post counts, and trees of a file without dates are left out.
//
// in    lang          STRING   language of the tree; null for all
// out   lang          STRING
// out   imported      BOOLEAN
// out   trees         INTEGER  finished ones
// out   p10_hours     FLOAT    within which a tenth of them was finished
// out   p25_hours     FLOAT
// out   median_hours  FLOAT
// out   p75_hours     FLOAT
// out   p90_hours     FLOAT
// rows  many                   the language with most trees first
// needs finished trees, dated posts
// cost  scan of the trees; of imported ones, a look at each post
// mode  read
MATCH (tree:Tree)-[:ROOT]->(root:Post)
WHERE tree.state = 'ready_for_export' AND ($lang IS NULL OR tree.lang = $lang)
// An import names its posts to their frontend by their own ids.
WITH tree, root, coalesce(root.frontend_id = root.id, false) AS imported
WHERE NOT imported OR NOT 'created_date' IN coalesce(root.left_out, [])
CALL (tree, imported) {
  WITH * WHERE NOT imported
  RETURN tree.entered AS finished
  UNION ALL
  WITH * WHERE imported
  MATCH (post:Post {tree: tree.id}) WHERE NOT post.deleted
  RETURN max(post.created) AS finished
}
WITH tree.lang AS lang, imported, (finished.epochMillis - root.created.epochMillis) / 3600000.0 AS hours
WHERE hours IS NOT NULL
RETURN lang, imported, count(*) AS trees, percentileCont(hours, 0.1) AS p10_hours,
  percentileCont(hours, 0.25) AS p25_hours, percentileCont(hours, 0.5) AS median_hours,
  percentileCont(hours, 0.75) AS p75_hours, percentileCont(hours, 0.9) AS p90_hours
ORDER BY trees DESC, lang, imported;
