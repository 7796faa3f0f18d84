// trees/language_counts: how many trees of a language are in the states that decide whether it takes new prompts.
coalesce(<<language>>.growing, 0) AS growing, coalesce(<<language>>.initial_prompt_review, 0) AS reviewing,
coalesce(<<language>>.prompt_lottery_waiting, 0) AS waiting
