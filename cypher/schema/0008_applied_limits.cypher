// schema/0008_applied_limits: under which limits the unfinished trees were last looked at, and which quotas are over.
CREATE CONSTRAINT applied_limits_id IF NOT EXISTS FOR (a:AppliedLimits) REQUIRE a.id IS UNIQUE;
CREATE INDEX quota_until IF NOT EXISTS FOR (q:Quota) ON (q.until);
