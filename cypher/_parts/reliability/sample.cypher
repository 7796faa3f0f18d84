// reliability/sample: a sample of trees, always the same one: the first by id, in bunches.
MATCH (tree:Tree)
WHERE tree.id >= '' AND ($lang IS NULL OR tree.lang = $lang)
WITH tree ORDER BY tree.id LIMIT coalesce($trees, 9223372036854775807)
WITH collect(tree.id) AS ids
UNWIND range(0, size(ids) - 1, $bunch) AS first
