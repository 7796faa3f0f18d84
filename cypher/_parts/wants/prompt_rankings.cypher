// wants/prompt_rankings: how many rankings a prompt in the lottery wants.
$num_prompt_rankings - COUNT { (post)<-[:RANKED]-(:Ranking) }
