// posts/reopen: opens a place again once leases of it have ended, if it takes one more person.
// `pool`, `wants` and `key` are the properties of the place, and `lease` is the type of its leases.
OPTIONAL MATCH (<<post>>)<-[other:<<lease>>]-(:Task) WHERE other.until > $now_ms
WITH <<post>>, count(other) AS live
WHERE properties(<<post>>).<<pool>> IS NOT NULL AND live < properties(<<post>>).<<wants>>
SET <<post>>.<<key>> = rand()
