// posts/history: the versions of a post, the original first.
//
// in    id        STRING
// out   revision  MAP     id, number, text, created, editor; null once when the post was never edited
// rows  many              none for an unknown post
// cost  one seek, one expand for each version
// mode  read
MATCH (post:Post {id: $id})
OPTIONAL MATCH (version:Revision)-[:VERSION_OF]->(post)
WITH version ORDER BY version.number
RETURN version {.*} AS revision;
