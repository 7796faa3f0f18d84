"""The consensus of several rankings, by Tideman's ranked pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from oa_graph.domain.trees import Consensus

_Pair = tuple[str, str]


def consensus(rankings: Sequence[Sequence[str]], *, not_rankable: int = 0) -> Consensus | None:
    """Return the order that the majorities support, best first, with its smallest margin.

    Each ranking is the order of one voter, best first. Only ids in all rankings are ordered; the result is None when
    fewer than two are left. `not_rankable` is the number of voters who found all candidates bad; their orders are not
    in `rankings`. When they are a strict majority of all voters, the result is None and the siblings get no ranks.

    Ranked pairs: the margin of a pair is the number of voters who prefer the one minus those who prefer the other.
    Pairs are locked by falling margin, unless a pair contradicts the locked ones. The better mean rank breaks ties
    between pairs and within a pair, then the smaller id. Ids are random, so an order that they decide is noise, and
    ties are common with few voters.

    `margin` is the smallest margin between neighbours of the order. Neighbours are always a locked pair, since no id
    between them implies it, and all other pairs follow from theirs. It is 0 when neighbours are tied, and the number
    of voters when all agree.
    """
    if not_rankable > len(rankings):
        return None
    orders = _common_ids(rankings)
    ids = _by_mean_rank(orders)
    if len(ids) < 2:
        return None
    margins = _margins(orders, ids)
    order = _locked(ids, margins)
    return Consensus(order=tuple(order), margin=min(margins[pair] for pair in pairwise(order)))


def _common_ids(rankings: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the rankings without the ids that are missing in some of them."""
    common = set(rankings[0]).intersection(*rankings[1:]) if rankings else set[str]()
    return [[post_id for post_id in ranking if post_id in common] for ranking in rankings]


def _by_mean_rank(orders: Sequence[Sequence[str]]) -> list[str]:
    """Return the ids in the order that breaks ties. Sums replace means, since all ids have equally many places."""
    places: dict[str, int] = {}
    for order in orders:
        for place, post_id in enumerate(order):
            places[post_id] = places.get(post_id, 0) + place
    return sorted(places, key=lambda post_id: (places[post_id], post_id))


def _margins(orders: Sequence[Sequence[str]], ids: Sequence[str]) -> dict[_Pair, int]:
    margins = {(one, other): 0 for one in ids for other in ids if one != other}
    for order in orders:
        for place, better in enumerate(order):
            for worse in order[place + 1 :]:
                margins[better, worse] += 1
                margins[worse, better] -= 1
    return margins


def _locked(ids: Sequence[str], margins: Mapping[_Pair, int]) -> list[str]:
    """Return the order that follows from the locked pairs.

    Both directions of a tie are tried, so all pairs are ordered, and the number of ids below an id gives its place.
    The pairs come in the order of `ids`, which the stable sort keeps for equal margins.
    """
    below: dict[str, set[str]] = {post_id: set() for post_id in ids}
    pairs = sorted((pair for pair, margin in margins.items() if margin >= 0), key=lambda pair: -margins[pair])
    for better, worse in pairs:
        if better in below[worse] or worse in below[better]:
            continue
        gained = {worse} | below[worse]
        for post_id in ids:
            if post_id == better or better in below[post_id]:
                below[post_id] |= gained
    return sorted(ids, key=lambda post_id: -len(below[post_id]))
