// explore/reactions: each reaction, with the number of posts and people.
//
// in    lang      STRING   language of the tree; null for all
// out   emoji     STRING   `_skip_reply`, `_skip_labeling` and `_skip_ranking` are skips
// out   imported  BOOLEAN
// out   given     INTEGER
// out   posts     INTEGER  different ones
// out   people    INTEGER  different ones; null for an import, which does not say
// rows  many               the most frequent first
// needs reactions
// cost  scan of the reactions, and of the posts for those that were imported
// mode  read
CALL () {
  MATCH (user:User)-[reaction:REACTED]->(post:Post)
  WHERE $lang IS NULL OR EXISTS { (:Tree {id: post.tree, lang: $lang}) }
  RETURN post, reaction.emoji AS emoji, user AS person
  UNION ALL
  MATCH (post:Post)
  WHERE post.imported_emojis IS NOT NULL AND ($lang IS NULL OR EXISTS { (:Tree {id: post.tree, lang: $lang}) })
  UNWIND post.imported_emojis AS emoji
  RETURN post, emoji, null AS person
}
WITH emoji, person IS NULL AS imported, count(*) AS given, count(DISTINCT post) AS posts,
  count(DISTINCT person) AS people
RETURN emoji, imported, given, posts, CASE WHEN NOT imported THEN people END AS people
ORDER BY given DESC, emoji, imported;
