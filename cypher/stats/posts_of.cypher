// stats/posts_of: the live posts of a user, with all that makes them count.
//
// in    user_id  STRING
// out   post     MAP     as in stats/posts
// rows  many
// cost  an index range as long as the user's history, an expand for each reaction, review, remark and report
// mode  read
MATCH (post:Post) WHERE post.author = $user_id AND post.created IS NOT NULL AND NOT post.deleted
RETURN post {
    id: post.id, author: post.author, at: post.created.epochMillis, lang: post.lang, depth: post.depth, role: post.role,
    deleted: post.deleted, accepted: coalesce(post.accepted, false), synthetic: post.synthetic,
    aborted: post.depth = 0 AND EXISTS { (:Tree {id: post.tree, state: 'aborted_low_grade'}) },
    reactions: [(post)<-[reaction:REACTED]-() WHERE reaction.emoji IN ['+1', '-1', 'red_flag'] | reaction.emoji],
    labels: [(post)<-[:OF|ABOUT]-(said) | said {.*}]
  } AS post;
