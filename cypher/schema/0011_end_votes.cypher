// schema/0011_end_votes: votes on whether a conversation ends at a post.
//
// A post that wants such votes has properties of its own for them: its places for replies do not depend on the vote.
CREATE CONSTRAINT end_vote_id IF NOT EXISTS FOR (v:EndVote) REQUIRE v.id IS UNIQUE;
CREATE CONSTRAINT end_vote_key IF NOT EXISTS FOR (v:EndVote) REQUIRE v.key IS UNIQUE;
CREATE INDEX post_vote_pool IF NOT EXISTS FOR (p:Post) ON (p.vote_pool, p.vote_key);
