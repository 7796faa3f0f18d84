// wants/rankable: whether the replies of a post are to be ranked.
(post.role = 'prompter' OR $rank_prompter_replies)
AND COUNT { (reply:Post)-[:REPLY_TO]->(post) WHERE NOT reply.deleted AND reply.accepted } > 1
