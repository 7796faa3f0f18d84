// tasks/eligible_vote: whether a user may vote on the end of a conversation: not its author, once, and not after a skip.
coalesce(place.author, '') <> user.id
AND NOT EXISTS { (:EndVote {key: user.id + ' ' + place.id}) }
AND NOT EXISTS { (place)<-[:FOR]-(:Task {kind: 'decide_end', skipped: true})<-[:TOOK]-(user) }
AND NOT EXISTS { (place)<-[held:LEASES_VOTE]-(:Task {holder: user.id}) WHERE held.until > $now_ms }
