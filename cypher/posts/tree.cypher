// posts/tree: the posts of the tree of one post.
//
// in    id                STRING   any post of the tree
// in    include_rejected  BOOLEAN  false: only accepted ones
// in    include_deleted   BOOLEAN
// out   post              MAP
// rows  many                       by depth, then age; none for an unknown post
// cost  two seeks, one look at each post of the tree
// mode  read
MATCH (any:Post {id: $id})
MATCH (post:Post {tree: any.tree})
WHERE ($include_rejected OR post.accepted) AND ($include_deleted OR NOT post.deleted)
WITH post ORDER BY post.depth, post.created, post.id
RETURN post {
    <<posts/fields>>,
    <<posts/relations>>
  } AS post;
