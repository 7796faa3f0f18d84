"""What people's work counts for: figures, time frames, points and levels.

A *credit* says that a figure of somebody changes by an amount, at the time of the work that it is for. Credits of one
person within ten minutes are one *slot*; slots are what the time frames are made of, so that a frame can let go of
what has become too old for it. A *score* is what a person has in one frame.

Numbers are whole throughout, sums of labels are in millionths: what is added up in another order is still the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Literal

from oa_graph.model import (
    COUNTED_LABELS,
    FIGURES,
    MEAN_LABELS,
    REACTIONS,
    SLOT_MS,
    TALLIES,
    Credit,
    Figures,
    Frame,
    Role,
    Score,
    Slot,
    Standing,
    TextLabel,
)

_MILLION = 1_000_000
_FIGURES = frozenset(FIGURES)

# Points and levels

_WEIGHTS: Mapping[str, int] = {
    "replies_assistant": 4,
    "accepted_replies_assistant": 4,
    "replies_prompter": 1,
    "accepted_replies_prompter": 1,
    "labels_simple": 1,
    "labels_full": 2,
    "rankings_total": 1,
    "reply_ranked_1": 9,
    "reply_ranked_2": 3,
    "reply_ranked_3": 1,
}

_THRESHOLDS = [0, *(round(each) for each in accumulate(1.1521 * i + 3 for i in range(1, 100)))]


def points(figures: Figures) -> int:
    """The leaderboard's score: ten prompts count as one, and so do ten accepted ones."""
    prompts = figures.get("prompts", 0) // 10 + figures.get("accepted_prompts", 0) // 10
    return prompts + sum(weight * figures.get(name, 0) for name, weight in _WEIGHTS.items())


def level(points: int) -> int:
    """From 1 to 100; the steps grow by a little more than one point each."""
    return max(1, bisect_right(_THRESHOLDS, points))


def troll_points(figures: Figures) -> int:
    """The troll board's score: flags weigh threefold, approval is taken off."""
    bad = ("downvotes", "spam_prompts", *(name for name in COUNTED_LABELS if name is not TextLabel.SPAM))
    given = sum(figures.get(name, 0) for name in bad)
    return 3 * figures.get("red_flags", 0) - figures.get("upvotes", 0) + given


def mean(figures: Figures, label: TextLabel) -> float | None:
    """The mean of a label over all that was said; None when nobody gave it."""
    given = figures.get(f"{label}_given", 0)
    return figures.get(f"{label}_sum", 0) / (given * _MILLION) if given > 0 else None


# What one thing counts for


def said(labels: Mapping[str, object]) -> dict[str, int]:
    """What labels count for the author of the labelled post; other keys are passed over."""
    found: dict[str, int] = {}
    for name, value in labels.items():
        if not isinstance(value, (int, float)):
            continue
        if name in COUNTED_LABELS and value >= 0.5:
            found[name] = 1
        if name in MEAN_LABELS:
            found[f"{name}_given"] = 1
            found[f"{name}_sum"] = round(value * _MILLION)
    return found


def _kind(depth: int, role: Role) -> str:
    return "prompts" if depth == 0 else f"replies_{role}"


def worth(post: Standing) -> dict[str, int]:
    """What a post counts for its author while it is live."""
    kind = _kind(post.depth, post.role)
    found = Counter({kind: 1})
    if post.accepted:
        found[f"accepted_{kind}"] += 1
    if post.aborted:
        found["spam_prompts"] += 1
    for emoji in post.reactions:
        if emoji in REACTIONS:
            found[REACTIONS[emoji]] += 1
    for labels in post.labels:
        found.update(said(labels))
    return dict(found)


def tally(post: Standing) -> dict[str, int]:
    """What a post counts for its language, as it is now; a prompt for its tree too."""
    found = {"trees": 1, "posts": 1} if post.depth == 0 else {"posts": 1}
    if post.deleted:
        return {**found, "deleted": 1}
    return {**found, f"human_{post.role}": 1} if post.accepted and not post.synthetic else found


Change = Literal["deleted", "restored", "removed"]


def changed(post: Standing, change: Change) -> Credit:
    """What a change of a post counts for its author and its language, whatever `post.deleted` says of it by now.

    But what is removed counts as it was: live or deleted.
    """
    live = {**worth(post), **tally(replace(post, deleted=False))}
    match change:
        case "deleted":
            figures = {**times(live, -1), "trees": 0, "posts": 0, "deleted": 1}
        case "restored":
            figures = {**live, "trees": 0, "posts": 0, "deleted": -1}
        case "removed":
            figures = times(tally(post) if post.deleted else live, -1)
    return Credit(post.at, figures, post.author, post.lang)


def reversed(credit: Credit) -> Credit:
    """What takes a credit back."""
    return replace(credit, figures=times(credit.figures, -1))


def of_saying(*, labels: Iterable[Mapping[str, object]], emoji: str | None, place: int | None) -> dict[str, int]:
    """What something that was said of a post counts for its author: labels, a reaction, or a place from 0 on."""
    found: dict[str, int] = {}
    for each in labels:
        found = added(found, said(each))
    if emoji is not None and emoji in REACTIONS:
        found = added(found, {REACTIONS[emoji]: 1})
    if place is not None:
        found = added(found, {f"reply_ranked_{place + 1}": 1})
    return found


def tallied(credits: Iterable[Credit]) -> dict[str, dict[str, int]]:
    """What credits come to for each language."""
    found: dict[str, dict[str, int]] = {}
    for each in credits:
        if each.lang is not None:
            figures = {name: value for name, value in each.figures.items() if name in TALLIES}
            found[each.lang] = added(found.get(each.lang, {}), figures)
    return found


def times(figures: Figures, amount: int) -> dict[str, int]:
    return {name: amount * value for name, value in figures.items()}


def added(one: Figures, other: Figures) -> dict[str, int]:
    """Both together, without zeros."""
    names = {**one, **other}
    return {name: sum for name in names if (sum := one.get(name, 0) + other.get(name, 0))}


# Time

_DAY = timedelta(days=1)

_DAYS = {Frame.WEEK: 7, Frame.MONTH: 30}


def slot_start(at: int) -> int:
    """The beginning of the slot that a moment falls into; both in epoch milliseconds."""
    return at - at % SLOT_MS


def midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def base(frame: Frame, now: datetime) -> datetime | None:
    """The moment from which a frame looks; None: from the beginning."""
    match frame:
        case Frame.DAY:
            return now - _DAY
        case Frame.TOTAL:
            return None
        case _:
            return midnight(now) - timedelta(days=_DAYS[frame])


def until(frame: Frame, start: int) -> int:
    """When a frame lets go of a slot, in epoch milliseconds: as soon as its last moment is too old."""
    if frame is Frame.DAY:
        return start + SLOT_MS + 86_400_000
    return start - start % 86_400_000 + (_DAYS[frame] + 1) * 86_400_000


PASSING = (Frame.DAY, Frame.WEEK, Frame.MONTH)
"""The frames that let go of what is old."""


def seen_by(start: int, now: int) -> list[Frame]:
    """The frames that a slot counts in."""
    return [*(frame for frame in PASSING if until(frame, start) > now), Frame.TOTAL]


def due(start: int, now: int) -> int | None:
    """When the next frame lets go of a slot; None: only the total still has it, so it need not be kept."""
    return min((end for frame in PASSING if (end := until(frame, start)) > now), default=None)


# Adding up


def moves(before: Iterable[Score], after: Iterable[Score]) -> Counter[tuple[Frame, int]]:
    """By frame and points: how many more people are shown on a leaderboard with them than before."""
    found = Counter[tuple[Frame, int]]()
    for scores, amount in ((before, -1), (after, 1)):
        for each in scores:
            if each.shown and each.figures:
                found[each.frame, each.points] += amount
    return found


@dataclass(frozen=True, slots=True)
class Fold:
    """What has to be written so that scores know of some credits, and of the time."""

    slots: list[Slot]
    changes: dict[tuple[str, Frame], dict[str, int]]
    """What is added to the scores, by user and frame."""


def fold(credits: Iterable[Credit], slots: Iterable[Slot], *, now: int) -> Fold:
    """Puts credits of users into their slots, and slots into the frames that see them at `now`; out of the others.

    `slots`: those that the credits fall into, as far as they are kept, and whatever else may have become too old.
    """
    known = {(each.user, each.start): each for each in slots}
    new: dict[tuple[str, int], dict[str, int]] = {}
    for each in credits:
        if each.user is not None:
            key = (each.user, slot_start(each.at))
            own = {name: value for name, value in each.figures.items() if name in _FIGURES}
            new[key] = added(new.get(key, {}), own)
    written: list[Slot] = []
    changes: dict[tuple[str, Frame], dict[str, int]] = {}
    for user, start in sorted({*known, *new}):
        before = known.get((user, start), Slot(user, start, {}, ()))
        frames = tuple(seen_by(start, now))
        figures = added(before.figures, new.get((user, start), {}))
        written.append(Slot(user, start, figures, frames, due(start, now) if figures else None))
        for frame in {*before.frames, *frames}:
            had: Figures = before.figures if frame in before.frames else {}
            change = added(figures if frame in frames else {}, times(had, -1))
            changes[user, frame] = added(changes.get((user, frame), {}), change)
    return Fold(written, changes)
