// trees/facts: everything that decides the next state of a tree; locks the tree.
//
// in    id                     STRING
// in    num_prompter_replies   INTEGER  replies wanted by an assistant post
// in    num_required_rankings  INTEGER  rankings wanted by a parent
// in    rank_prompter_replies  BOOLEAN  whether prompter replies are ranked
// in    rank_while_growing     BOOLEAN  whether decided replies are ranked before the tree is full
// out   id                     STRING
// out   state                  STRING
// out   lang                   STRING
// out   goal                   INTEGER
// out   root_accepted          BOOLEAN
// out   root_deleted           BOOLEAN
// out   accepted               INTEGER  live accepted posts, root included
// out   undecided              INTEGER  live replies without a verdict
// out   open_parents           INTEGER  accepted posts with room for a reply
// out   rankable               INTEGER  parents with two or more accepted replies to be ranked
// out   unranked               INTEGER  those with too few rankings
// out   won_lottery            ZONED DATETIME
// out   author_away            BOOLEAN  whether the author of the prompt is disabled or deleted
// out   halted_for             STRING   why the tree was halted automatically; null otherwise
// rows  maybe
// cost  one seek, a few expands for each post of the tree
// mode  write
MATCH (tree:Tree {id: $id})
SET tree:Tree
WITH tree, properties(tree) AS stored
WITH tree, stored.state AS state, stored.halted_for AS halted_for
MATCH (post:Post {tree: tree.id})
WITH tree, state, halted_for, post,
  CASE WHEN post.id = tree.id
    THEN EXISTS { (post)<-[:WROTE]-(author:User) WHERE author.deleted OR NOT author.enabled } END AS author_away,
  <<wants/rankings>> AS missing_rankings,
  <<wants/replies post=post>>
WITH tree, state, halted_for, post, author_away, replies, cap, missing_rankings,
  NOT post.deleted AND coalesce(post.accepted, false) AS stands,
  NOT post.deleted AND
  <<wants/rankable>> AS rankable
RETURN tree.id AS id, state, tree.lang AS lang, tree.goal AS goal, tree.won_lottery AS won_lottery, halted_for,
  coalesce(head(collect(author_away)), false) AS author_away,
  head(collect(CASE WHEN post.id = tree.id THEN post.accepted END)) AS root_accepted,
  coalesce(head(collect(CASE WHEN post.id = tree.id THEN post.deleted END)), true) AS root_deleted,
  sum(CASE WHEN stands THEN 1 ELSE 0 END) AS accepted,
  sum(CASE WHEN NOT post.deleted AND post.accepted IS NULL AND post.depth > 0 THEN 1 ELSE 0 END) AS undecided,
  sum(CASE WHEN stands AND post.depth < tree.max_depth AND replies < cap THEN 1 ELSE 0 END) AS open_parents,
  sum(CASE WHEN rankable THEN 1 ELSE 0 END) AS rankable,
  sum(CASE WHEN rankable AND missing_rankings > 0 THEN 1 ELSE 0 END) AS unranked;
