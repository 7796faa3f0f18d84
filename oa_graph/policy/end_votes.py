"""Votes on whether a conversation ends at a post: of which posts they are held, and what they decide."""

from __future__ import annotations

from random import Random

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import TaskKind


def ask_from_depth(kind: TaskKind, limits: Limits, rng: Random) -> int | None:
    """Return the depth from which on a vote is held on a post that a review of this kind has accepted.

    None: only if the author of the post said that it ends the conversation. Only posts of the assistant can end one.
    """
    if kind is not TaskKind.LABEL_ASSISTANT_REPLY or rng.random() >= limits.p_end_vote:
        return None
    return limits.end_vote_min_depth


def verdict(*, votes_for: int, votes_against: int, votes_wanted: int) -> bool | None:
    """Return whether the conversation ends at the post; None: the missing votes may still decide either way."""
    if votes_for > votes_against + votes_wanted:
        return True
    if votes_against > votes_for + votes_wanted:
        return False
    return None
