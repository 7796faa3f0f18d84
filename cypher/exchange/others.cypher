// exchange/others: what there is in a graph that nobody has worked on yet: clients and the like.
//
// in    most        INTEGER       more nodes than that are not given
// out   labels      LIST<STRING>
// out   properties  MAP
// out   joined      BOOLEAN       whether it has edges
// rows  many                      one a node, those of the schema's history not among them; one too many when there are more
// cost  scan of the nodes, up to the first so many
// mode  read
MATCH (node)
WHERE NOT node:Schema
RETURN labels(node) AS labels, properties(node) AS properties, EXISTS { (node)--() } AS joined
LIMIT $most + 1;
