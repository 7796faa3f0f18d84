// wants/counted_down: what a post wants after an answer: `wants` more in the same pool, or nothing.
SET <<post>>.pool = CASE WHEN wants > 0 THEN pool END,
  <<post>>.wants = CASE WHEN wants > 0 THEN wants END,
  <<post>>.key = CASE WHEN wants <= 0 THEN null WHEN live < wants THEN rand() ELSE next_lapse END
