"""The estimated quality of prompts, learned from rankings: the Plackett-Luce model of Weng and Lin."""

from __future__ import annotations

import math
from collections.abc import Sequence

from openskill.models import PlackettLuce

from oa_graph.domain.trees import Rating

# Unlike a player, a prompt does not change, so there is no drift (tau): each ranking lowers the uncertainty.
_MODEL = PlackettLuce(tau=0.0)

NEW = Rating(mu=_MODEL.mu, sigma=_MODEL.sigma)
"""The rating of a prompt without rankings."""


def rate(order: Sequence[Rating]) -> list[Rating]:
    """Return the ratings after one ranking. `order` holds the ratings before it, best first."""
    if len(order) < 2:
        return list(order)
    before = [[_MODEL.create_rating([rating.mu, rating.sigma])] for rating in order]
    after = _MODEL.rate(before, ranks=[float(place) for place in range(len(order))])
    return [Rating(mu=rating.mu, sigma=rating.sigma) for (rating,) in after]


def chance(rating: Rating) -> float:
    """Return the probability that a prompt beats an average new one; 0.5 for a new prompt."""
    spread = math.sqrt(2 * _MODEL.beta**2 + rating.sigma**2 + NEW.sigma**2)
    # erfc and not 1 + erf: the far tail stays above 0
    return 0.5 * math.erfc((NEW.mu - rating.mu) / (spread * math.sqrt(2)))
