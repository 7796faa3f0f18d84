// leaderboards/post: everything that makes a post count for its author and its language.
id: post.id, author: post.author, at: post.created.epochMillis, lang: post.lang, depth: post.depth, role: post.role,
deleted: post.deleted, accepted: coalesce(post.accepted, false), synthetic: post.synthetic,
aborted: post.depth = 0 AND EXISTS { (:Tree {id: post.tree, state: 'aborted_low_grade'}) },
reactions: [(post)<-[reaction:REACTED]-() WHERE reaction.emoji IN ['+1', '-1', 'red_flag'] | reaction.emoji],
labels: [(post)<-[:OF|ABOUT]-(said) | said {.*}]
