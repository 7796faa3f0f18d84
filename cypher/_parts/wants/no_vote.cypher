// wants/no_vote: ends the vote on the end of a conversation.
SET <<post>>.vote_pool = null, <<post>>.vote_key = null, <<post>>.votes_wanted = null
