// wants/reviews: how many reviews a post wants that has so many; `kind` is the task kind, or a text that begins with it.
CASE WHEN <<kind>> STARTS WITH 'label_initial_prompt' THEN $quota_prompt ELSE $quota_reply END - <<reviews>>
