// posts/set_ended: say whether the conversation ends at a post, and end the vote on it; locks the tree.
//
// in    id       STRING
// in    ended    BOOLEAN
// out   tree_id  STRING
// rows  maybe            none for an unknown post
// cost  two seeks
// mode  write
MATCH (post:Post {id: $id})
MATCH (tree:Tree {id: post.tree})
SET tree:Tree
SET post:Post
SET post.ended = $ended
<<wants/no_vote post=post>>
RETURN tree.id AS tree_id;
