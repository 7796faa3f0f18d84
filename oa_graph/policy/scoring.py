"""Scores of users: figures, time frames, points and levels.

A *credit* changes figures of a user by amounts, at the time of the work. Credits of one user within ten minutes form a
*slot*. Time frames consist of slots, so that old work can leave a frame. A *score* is the sum of a user's figures in
one frame.

All numbers are integers, sums of labels are in millionths, so the order of additions does not matter.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Literal

from oa_graph.domain.posts import Role, TextLabel
from oa_graph.domain.scores import (
    COUNTED_LABELS,
    FIGURES,
    MEAN_LABELS,
    REACTIONS,
    SLOT_MS,
    TALLIES,
    Credit,
    Figures,
    Score,
    ScoredPost,
    Slot,
    TimeFrame,
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

_THRESHOLDS = [0, *(round(threshold) for threshold in accumulate(1.1521 * i + 3 for i in range(1, 100)))]


def points(figures: Figures) -> int:
    """Return the leader score: ten prompts count as one point, and so do ten accepted prompts."""
    prompts = figures.get("prompts", 0) // 10 + figures.get("accepted_prompts", 0) // 10
    return prompts + sum(weight * figures.get(name, 0) for name, weight in _WEIGHTS.items())


def level(points: int) -> int:
    """Return the level from 1 to 100; each step needs a little more than one point more."""
    return max(1, bisect_right(_THRESHOLDS, points))


def troll_points(figures: Figures) -> int:
    """Return the troll score: flags count threefold, upvotes are subtracted."""
    names = ("downvotes", "spam_prompts", *(name for name in COUNTED_LABELS if name is not TextLabel.SPAM))
    others = sum(figures.get(name, 0) for name in names)
    return 3 * figures.get("red_flags", 0) - figures.get("upvotes", 0) + others


def mean(figures: Figures, label: TextLabel) -> float | None:
    """Return the mean of a label over all judgements; None when nobody gave it."""
    times = figures.get(f"{label}_given", 0)
    return figures.get(f"{label}_sum", 0) / (times * _MILLION) if times > 0 else None


# Figures of one thing


def label_points(labels: Mapping[str, object]) -> dict[str, int]:
    """Return the figures of labels for the author of the labelled post; unknown keys are ignored."""
    points_by_figure: dict[str, int] = {}
    for name, value in labels.items():
        if not isinstance(value, (int, float)):
            continue
        if name in COUNTED_LABELS and value >= 0.5:
            points_by_figure[name] = 1
        if name in MEAN_LABELS:
            points_by_figure[f"{name}_given"] = 1
            points_by_figure[f"{name}_sum"] = round(value * _MILLION)
    return points_by_figure


def _kind(depth: int, role: Role) -> str:
    return "prompts" if depth == 0 else f"replies_{role}"


def post_points(post: ScoredPost) -> dict[str, int]:
    """Return the figures of a live post for its author."""
    kind = _kind(post.depth, post.role)
    figures = Counter({kind: 1})
    if post.accepted:
        figures[f"accepted_{kind}"] += 1
    if post.aborted:
        figures["spam_prompts"] += 1
    for emoji in post.reactions:
        if emoji in REACTIONS:
            figures[REACTIONS[emoji]] += 1
    for labels in post.labels:
        figures.update(label_points(labels))
    return dict(figures)


def post_tally(post: ScoredPost) -> dict[str, int]:
    """Return the figures of a post for its language in its present state; a prompt counts its tree too."""
    tally = {"trees": 1, "posts": 1} if post.depth == 0 else {"posts": 1}
    if post.deleted:
        return {**tally, "deleted": 1}
    return {**tally, f"human_{post.role}": 1} if post.accepted and not post.synthetic else tally


Change = Literal["deleted", "restored", "removed"]


def change_credit(post: ScoredPost, change: Change) -> Credit:
    """Return the credit of a change for the author and the language of a post.

    `post.deleted` matters only for removed posts: they count as they were, live or deleted.
    """
    live = {**post_points(post), **post_tally(replace(post, deleted=False))}
    match change:
        case "deleted":
            figures = {**multiplied(live, -1), "trees": 0, "posts": 0, "deleted": 1}
        case "restored":
            figures = {**live, "trees": 0, "posts": 0, "deleted": -1}
        case "removed":
            figures = multiplied(post_tally(post) if post.deleted else live, -1)
    return Credit(post.at, figures, post.author, post.lang)


def negated(credit: Credit) -> Credit:
    """Return the credit that reverts this one."""
    return replace(credit, figures=multiplied(credit.figures, -1))


def judgement_points(*, labels: Iterable[Mapping[str, object]], emoji: str | None, place: int | None) -> dict[str, int]:
    """Return the figures of a judgement for the author of the post: labels, a reaction, or a place from 0 on."""
    figures: dict[str, int] = {}
    for post_labels in labels:
        figures = total(figures, label_points(post_labels))
    if emoji is not None and emoji in REACTIONS:
        figures = total(figures, {REACTIONS[emoji]: 1})
    if place is not None:
        figures = total(figures, {f"reply_ranked_{place + 1}": 1})
    return figures


def tally_by_language(credits: Iterable[Credit]) -> dict[str, dict[str, int]]:
    """Return the sum of credits for each language."""
    tallies: dict[str, dict[str, int]] = {}
    for credit in credits:
        if credit.lang is not None:
            figures = {name: value for name, value in credit.figures.items() if name in TALLIES}
            tallies[credit.lang] = total(tallies.get(credit.lang, {}), figures)
    return tallies


def multiplied(figures: Figures, amount: int) -> dict[str, int]:
    return {name: amount * value for name, value in figures.items()}


def total(one: Figures, other: Figures) -> dict[str, int]:
    """Return the sum of both, without zeros."""
    names = {**one, **other}
    return {name: sum for name in names if (sum := one.get(name, 0) + other.get(name, 0))}


# Time

_DAY = timedelta(days=1)

_DAYS = {TimeFrame.WEEK: 7, TimeFrame.MONTH: 30}


def slot_start(at: int) -> int:
    """Return the start of the slot of a time; both in epoch milliseconds."""
    return at - at % SLOT_MS


def midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def frame_start(frame: TimeFrame, now: datetime) -> datetime | None:
    """Return the start of a frame; None: it has none."""
    match frame:
        case TimeFrame.DAY:
            return now - _DAY
        case TimeFrame.TOTAL:
            return None
        case _:
            return midnight(now) - timedelta(days=_DAYS[frame])


def frame_end(frame: TimeFrame, start: int) -> int:
    """Return when a slot leaves a frame, in epoch milliseconds: when its last moment is too old."""
    if frame is TimeFrame.DAY:
        return start + SLOT_MS + 86_400_000
    return start - start % 86_400_000 + (_DAYS[frame] + 1) * 86_400_000


EXPIRING_FRAMES = (TimeFrame.DAY, TimeFrame.WEEK, TimeFrame.MONTH)
"""The frames that old work leaves."""


def frames_at(start: int, now: int) -> list[TimeFrame]:
    """Return the frames that a slot counts in."""
    return [*(frame for frame in EXPIRING_FRAMES if frame_end(frame, start) > now), TimeFrame.TOTAL]


def next_frame_end(start: int, now: int) -> int | None:
    """Return when a slot leaves its next frame; None: only the total holds it, so the slot can be dropped."""
    return min((end for frame in EXPIRING_FRAMES if (end := frame_end(frame, start)) > now), default=None)


# Adding up


def board_changes(before: Iterable[Score], after: Iterable[Score]) -> Counter[tuple[TimeFrame, int]]:
    """Return the change in the number of users shown on a leaderboard, by frame and points."""
    changes = Counter[tuple[TimeFrame, int]]()
    for scores, amount in ((before, -1), (after, 1)):
        for score in scores:
            if score.shown and score.figures:
                changes[score.frame, score.points] += amount
    return changes


@dataclass(frozen=True, slots=True)
class Update:
    """The changes to write for some credits and the present time."""

    slots: list[Slot]
    changes: dict[tuple[str, TimeFrame], dict[str, int]]
    """Amounts to add to the scores, by user and frame."""


def update(credits: Iterable[Credit], slots: Iterable[Slot], *, now: int) -> Update:
    """Add credits of users to their slots, and move slots into and out of the frames that hold them at `now`.

    `slots`: the stored slots of the credits, and all other slots that may have become too old.
    """
    slots_by_start = {(slot.user, slot.start): slot for slot in slots}
    new: dict[tuple[str, int], dict[str, int]] = {}
    for credit in credits:
        if credit.user is not None:
            key = (credit.user, slot_start(credit.at))
            own = {name: value for name, value in credit.figures.items() if name in _FIGURES}
            new[key] = total(new.get(key, {}), own)
    written: list[Slot] = []
    changes: dict[tuple[str, TimeFrame], dict[str, int]] = {}
    for user, start in sorted({*slots_by_start, *new}):
        before = slots_by_start.get((user, start), Slot(user, start, {}, ()))
        frames = tuple(frames_at(start, now))
        figures = total(before.figures, new.get((user, start), {}))
        written.append(Slot(user, start, figures, frames, next_frame_end(start, now) if figures else None))
        for frame in {*before.frames, *frames}:
            previous: Figures = before.figures if frame in before.frames else {}
            change = total(figures if frame in frames else {}, multiplied(previous, -1))
            changes[user, frame] = total(changes.get((user, frame), {}), change)
    return Update(written, changes)
