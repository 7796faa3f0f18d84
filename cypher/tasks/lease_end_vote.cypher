// tasks/lease_end_vote: lease a vote on the end of a conversation for a user, and write the task; every place has the same chance.
//
<<tasks/lease_header>>
<<tasks/requester>>
OPTIONAL CALL (user, standing) {
  WITH * WHERE standing = 'ok'
  <<tasks/draw pool=vote_pool key=vote_key>>
    WITH draw.kind AS kind, draw.policy AS policy, place
    WHERE
      <<tasks/eligible_vote>>
    RETURN place, kind, policy, 1.0 AS weight LIMIT 1
  }
  RETURN place, kind, policy, weight LIMIT 1
}
<<tasks/reserve pool=vote_pool wants=votes_wanted key=vote_key lease=LEASES_VOTE>>;
