// stats/missing_data: the kinds of data, among those that headers of explore/ name, of which the graph holds none.
//
// in    kinds  LIST<STRING>
// out   kind   STRING
// rows  many
// cost  scan of the posts up to the first match, for kinds of data that posts hold; else counts
// mode  read
UNWIND $kinds AS kind
WITH kind, CASE kind
    WHEN 'posts' THEN COUNT { (:Post) } > 0
    WHEN 'dated posts' THEN EXISTS { (post:Post) WHERE NOT 'created_date' IN coalesce(post.left_out, []) }
    WHEN 'finished trees' THEN EXISTS { (tree:Tree) WHERE tree.state = 'ready_for_export' AND tree.lang IS NOT NULL }
    WHEN 'unfinished trees' THEN EXISTS { (tree:Tree)
      WHERE NOT tree.state IN ['ready_for_export', 'aborted_low_grade'] }
    WHEN 'waiting prompts' THEN EXISTS { (tree:Tree)
      WHERE tree.state = 'prompt_lottery_waiting' AND tree.lang IS NOT NULL }
    WHEN 'open places' THEN EXISTS { (post:Post) WHERE post.pool >= '' AND post.key >= 0 }
    WHEN 'people' THEN COUNT { (:User) } > 0
    WHEN 'tasks' THEN COUNT { (:Task) } > 0
    WHEN 'guidelines' THEN COUNT { (:Guideline) } > 0
    WHEN 'leases' THEN COUNT { ()-[:LEASES]->() } > 0
    WHEN 'reviews' THEN COUNT { (:Review) } > 0
    WHEN 'rankings' THEN COUNT { (:Ranking) } > 0
    WHEN 'labels' THEN COUNT { (:Review) } > 0 OR EXISTS { (post:Post) WHERE size(post.imported_labels) > 0 }
    WHEN 'ranks' THEN EXISTS { (post:Post) WHERE post.rank IS NOT NULL }
    WHEN 'posts by models' THEN EXISTS { (post:Post) WHERE post.synthetic }
    WHEN 'reactions' THEN COUNT { ()-[:REACTED]->() } > 0
      OR EXISTS { (post:Post) WHERE size(post.imported_emojis) > 0 }
    WHEN 'reports' THEN COUNT { (:Report) } > 0 OR COUNT { (:Flag) } > 0
    WHEN 'edits' THEN COUNT { (:Revision) } > 0
  END AS held
WHERE NOT held
RETURN kind;
