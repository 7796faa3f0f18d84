// schema/0014_tree_listings: lists of trees by state and time, in one language or in all.
CREATE INDEX tree_created IF NOT EXISTS FOR (t:Tree) ON (t.state, t.created);
CREATE INDEX tree_lang_created IF NOT EXISTS FOR (t:Tree) ON (t.state, t.lang, t.created);
