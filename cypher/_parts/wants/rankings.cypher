// wants/rankings: how many rankings of its replies a post wants.
$num_required_rankings - COUNT { (post)<-[:UNDER]-(:Ranking) }
