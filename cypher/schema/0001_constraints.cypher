// schema/0001_constraints: what must never exist twice.
//
// A statement a line group, each closed by a semicolon; applied in order, once.
CREATE CONSTRAINT post_id IF NOT EXISTS FOR (p:Post) REQUIRE p.id IS UNIQUE;
CREATE CONSTRAINT post_frontend_id IF NOT EXISTS FOR (p:Post) REQUIRE (p.client, p.frontend_id) IS UNIQUE;
CREATE CONSTRAINT post_reply_key IF NOT EXISTS FOR (p:Post) REQUIRE p.reply_key IS UNIQUE;
CREATE CONSTRAINT tree_id IF NOT EXISTS FOR (t:Tree) REQUIRE t.id IS UNIQUE;
CREATE CONSTRAINT task_id IF NOT EXISTS FOR (t:Task) REQUIRE t.id IS UNIQUE;
CREATE CONSTRAINT task_ack IF NOT EXISTS FOR (t:Task) REQUIRE (t.client, t.ack) IS UNIQUE;
CREATE CONSTRAINT review_key IF NOT EXISTS FOR (r:Review) REQUIRE r.key IS UNIQUE;
CREATE CONSTRAINT ranking_key IF NOT EXISTS FOR (r:Ranking) REQUIRE r.key IS UNIQUE;
CREATE CONSTRAINT user_id IF NOT EXISTS FOR (u:User) REQUIRE u.id IS UNIQUE;
CREATE CONSTRAINT user_name IF NOT EXISTS FOR (u:User) REQUIRE (u.client, u.method, u.name) IS UNIQUE;
CREATE CONSTRAINT language_tag IF NOT EXISTS FOR (l:Language) REQUIRE l.tag IS UNIQUE;
CREATE CONSTRAINT client_id IF NOT EXISTS FOR (c:Client) REQUIRE c.id IS UNIQUE;
CREATE CONSTRAINT client_key_hash IF NOT EXISTS FOR (c:Client) REQUIRE c.key_hash IS UNIQUE;
CREATE CONSTRAINT day_key IF NOT EXISTS FOR (d:Day) REQUIRE d.key IS UNIQUE;
