// schema/0005_users: how users are listed, and how requests are counted.
//
// No id stands behind the names: where an index has more columns than a range needs, what it finds is checked again in
// memory, where texts are in the order of UTF-16, and in the index they are in that of UTF-8.
CREATE INDEX user_names IF NOT EXISTS FOR (u:User) ON (u.name);
CREATE INDEX user_display_names IF NOT EXISTS FOR (u:User) ON (u.display_name);
CREATE INDEX user_client_names IF NOT EXISTS FOR (u:User) ON (u.client, u.name);
CREATE INDEX user_client_display_names IF NOT EXISTS FOR (u:User) ON (u.client, u.display_name);
CREATE CONSTRAINT quota_id IF NOT EXISTS FOR (q:Quota) REQUIRE q.id IS UNIQUE;
