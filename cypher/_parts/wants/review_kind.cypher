// wants/review_kind: the kind of task that reviews a post.
CASE post.depth WHEN 0 THEN 'label_initial_prompt' ELSE 'label_' + post.role + '_reply' END
