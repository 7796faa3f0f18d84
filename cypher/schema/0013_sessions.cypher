// schema/0013_sessions: invites and sessions of people who use the pages.
CREATE CONSTRAINT invite_id IF NOT EXISTS FOR (i:Invite) REQUIRE i.id IS UNIQUE;
CREATE CONSTRAINT invite_token_hash IF NOT EXISTS FOR (i:Invite) REQUIRE i.token_hash IS UNIQUE;
CREATE CONSTRAINT session_id IF NOT EXISTS FOR (s:Session) REQUIRE s.id IS UNIQUE;
CREATE CONSTRAINT session_token_hash IF NOT EXISTS FOR (s:Session) REQUIRE s.token_hash IS UNIQUE;
CREATE INDEX session_expires IF NOT EXISTS FOR (s:Session) ON (s.expires);
