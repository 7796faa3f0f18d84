// schema/0006_moderation: what moderators list, and whose versions of a post there are.
//
// Flags that are there already learn of which post they are, so that their index holds them.
MATCH (post:Post)-[:FLAGGED]->(flag:Flag) WHERE flag.post IS NULL SET flag.post = post.id;
CREATE INDEX flag_created IF NOT EXISTS FOR (f:Flag) ON (f.created, f.post);
CREATE CONSTRAINT revision_id IF NOT EXISTS FOR (r:Revision) REQUIRE r.id IS UNIQUE;
CREATE INDEX revision_editor IF NOT EXISTS FOR (r:Revision) ON (r.editor);
