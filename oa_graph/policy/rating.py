"""How good a prompt is thought to be, learned from rankings: a Plackett-Luce model by Weng and Lin."""

from __future__ import annotations

import math
from collections.abc import Sequence

from openskill.models import PlackettLuce

from oa_graph.model import Rating

# A prompt is as good tomorrow as today, so unlike a player it has no drift (tau): each ranking makes it
# surer.
_MODEL = PlackettLuce(tau=0.0)

NEW = Rating(mu=_MODEL.mu, sigma=_MODEL.sigma)
"""What is believed of a prompt that nobody ranked."""


def rate(order: Sequence[Rating]) -> list[Rating]:
    """The beliefs after one ranking: those before it, best first, become the new ones in the same order."""
    if len(order) < 2:
        return list(order)
    before = [[_MODEL.create_rating([each.mu, each.sigma])] for each in order]
    after = _MODEL.rate(before, ranks=[float(place) for place in range(len(order))])
    return [Rating(mu=each.mu, sigma=each.sigma) for (each,) in after]


def chance(rating: Rating) -> float:
    """The probability that a prompt beats an average new one, so 0.5 for a new prompt itself."""
    spread = math.sqrt(2 * _MODEL.beta**2 + rating.sigma**2 + NEW.sigma**2)
    # erfc, not 1 + erf: the far tail stays above 0
    return 0.5 * math.erfc((NEW.mu - rating.mu) / (spread * math.sqrt(2)))
