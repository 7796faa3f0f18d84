// schema/0012_guidelines: guidelines for people who do tasks, in versions that never change.
//
// Two versions with the same number cannot be written at the same time.
CREATE CONSTRAINT guideline_id IF NOT EXISTS FOR (g:Guideline) REQUIRE g.id IS UNIQUE;
CREATE CONSTRAINT guideline_version IF NOT EXISTS FOR (g:Guideline) REQUIRE (g.kind, g.lang, g.version) IS UNIQUE;
