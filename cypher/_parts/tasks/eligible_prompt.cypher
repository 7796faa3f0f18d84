// tasks/eligible_prompt: whether a user may be shown a waiting prompt to rank.
($allow.self_ranking OR coalesce(<<post>>.author, '') <> user.id)
AND ($allow.duplicate_tasks OR NOT EXISTS { (<<post>>)<-[:RANKED]-(:Ranking {maker: user.id}) })
