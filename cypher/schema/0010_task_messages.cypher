// schema/0010_task_messages: further message ids of tasks, for frontends that show one task in several messages.
CREATE CONSTRAINT task_message IF NOT EXISTS FOR (m:TaskMessage) REQUIRE (m.client, m.message_id) IS UNIQUE;
