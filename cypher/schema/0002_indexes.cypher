// schema/0002_indexes: what is looked up without being unique.
//
// post_pool holds open places only: the two properties stand on posts that want something, and on no other.
CREATE INDEX post_tree IF NOT EXISTS FOR (p:Post) ON (p.tree);
CREATE INDEX post_pool IF NOT EXISTS FOR (p:Post) ON (p.pool, p.key);
CREATE INDEX post_author IF NOT EXISTS FOR (p:Post) ON (p.author, p.created);
CREATE INDEX task_holder IF NOT EXISTS FOR (t:Task) ON (t.holder, t.created);
CREATE INDEX tree_state IF NOT EXISTS FOR (t:Tree) ON (t.state, t.lang);
CREATE INDEX user_anywhere IF NOT EXISTS FOR (u:User) ON (u.method, u.name);
