"""One order out of several rankings: ranked pairs, after Tideman."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from oa_graph.model import Consensus

_Pair = tuple[str, str]


def consensus(rankings: Sequence[Sequence[str]], *, not_rankable: int = 0) -> Consensus | None:
    """The order that the majorities support, best first, with the strength of its weakest link.

    Each ranking is one voter's order of ids, best first. Only ids that are in all of them are ordered; None
    when fewer than two are left. `not_rankable` counts the voters who said that all candidates are bad; their
    orders are not among `rankings`. When they are a strict majority of all voters the result is None, and the
    siblings stay without ranks.

    Ranked pairs: every two ids are compared by their margin, the voters who prefer the one less those who
    prefer the other. Pairs are locked by falling margin, each unless it would contradict what is locked
    before. Ties, between pairs as within one, go to the better mean rank and only then to the smaller id: ids
    are random, so where they decide the order is noise, and with few voters ties are common.

    `margin` is the smallest margin between neighbours of the order. Neighbours are always a locked pair,
    since nothing stands between them to imply it, and all other pairs follow from theirs: the order is as
    sure as its weakest link. It is 0 when neighbours are tied, and the number of voters when they all agree.
    """
    if not_rankable > len(rankings):
        return None
    orders = _restricted(rankings)
    ids = _by_mean_rank(orders)
    if len(ids) < 2:
        return None
    margins = _margins(orders, ids)
    order = _locked(ids, margins)
    return Consensus(order=tuple(order), margin=min(margins[pair] for pair in pairwise(order)))


def _restricted(rankings: Sequence[Sequence[str]]) -> list[list[str]]:
    """The rankings without the ids that some of them lack."""
    common = set(rankings[0]).intersection(*rankings[1:]) if rankings else set[str]()
    return [[each for each in ranking if each in common] for ranking in rankings]


def _by_mean_rank(orders: Sequence[Sequence[str]]) -> list[str]:
    """The ids as ties are broken. Sums stand for means: all ids have as many places as there are voters."""
    places: dict[str, int] = {}
    for order in orders:
        for place, each in enumerate(order):
            places[each] = places.get(each, 0) + place
    return sorted(places, key=lambda each: (places[each], each))


def _margins(orders: Sequence[Sequence[str]], ids: Sequence[str]) -> dict[_Pair, int]:
    margins = {(one, other): 0 for one in ids for other in ids if one != other}
    for order in orders:
        for place, better in enumerate(order):
            for worse in order[place + 1 :]:
                margins[better, worse] += 1
                margins[worse, better] -= 1
    return margins


def _locked(ids: Sequence[str], margins: Mapping[_Pair, int]) -> list[str]:
    """The order that the locked pairs make.

    Both directions of a tie are tried, so every two ids end up in order, and how many are below an id is its
    place. The pairs come in the order of `ids`, which the stable sort keeps among equal margins.
    """
    below: dict[str, set[str]] = {each: set() for each in ids}
    pairs = sorted((pair for pair, margin in margins.items() if margin >= 0), key=lambda pair: -margins[pair])
    for better, worse in pairs:
        if better in below[worse] or worse in below[better]:
            continue
        gained = {worse} | below[worse]
        for each in ids:
            if each == better or better in below[each]:
                below[each] |= gained
    return sorted(ids, key=lambda each: -len(below[each]))
