// trees/backlog: an imported tree of a language that waits to be ranked.
//
// in    lang  STRING
// out   id    STRING
// rows  maybe
// cost  an index seek
// mode  read
MATCH (tree:Tree {state: 'backlog_ranking', lang: $lang})
RETURN tree.id AS id ORDER BY tree.state, tree.lang LIMIT 1;
