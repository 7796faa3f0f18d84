// wants/one_more_vote: makes up for a deleted end vote, if the vote of the post is not over.
SET <<post>>.votes_wanted = properties(<<post>>).votes_wanted + 1,
  <<post>>.vote_key = CASE WHEN properties(<<post>>).vote_pool IS NOT NULL THEN rand() END
