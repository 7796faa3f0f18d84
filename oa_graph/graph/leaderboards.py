"""Leaderboards: credits that events leave, the slots and scores that they end in, and the boards that show those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from oa_graph.domain.scores import (
    FIGURES,
    SLOT_MS,
    TALLIES,
    BoardEntry,
    Credit,
    Figures,
    Score,
    ScoredPost,
    Slot,
    TimeFrame,
)
from oa_graph.domain.users import User
from oa_graph.graph.session import Row, Tx, decoder, many, milliseconds, one, run
from oa_graph.policy import scoring

_user = decoder(User)
_decoded_post = decoder(ScoredPost)

_FRAMES = [frame.value for frame in TimeFrame]

RANGE_SIZE = 256
"""Points that one score range of a leaderboard spans.

A score bucket counts the users who are shown with exactly so many points, a score range those of all its buckets. A
rank is then a sum over ranges and over the buckets of one range, instead of over all users ahead.
"""


def _figures(row: Mapping[str, Any], names: Sequence[str] = FIGURES) -> dict[str, int]:
    return {name: row[name] for name in names if row.get(name)}


# Credits


async def add_credits(tx: Tx, credits: Iterable[Credit]) -> None:
    """Leave credits for the next step of the boards to find."""
    rows = [credit(single) for single in credits]
    if rows:
        await run(tx, "leaderboards/add_credits", credits=rows)


def credit(value: Credit) -> dict[str, object]:
    """The properties of a credit's node."""
    figures = {name: number for name, number in value.figures.items() if number}
    return {"at": value.at, "user": value.user, "lang": value.lang, **figures}


def _scored_post(row: Row) -> ScoredPost:
    return _decoded_post(row["post"])


async def scored_posts(tx: Tx, ids: Sequence[str]) -> list[ScoredPost]:
    """Some posts with all that makes them count."""
    return await many(tx, "leaderboards/scored_posts", _scored_post, ids=list(ids))


async def written_by(tx: Tx, user: str) -> list[ScoredPost]:
    """The live posts of a user with all that makes them count."""
    return await many(tx, "leaderboards/written_by", _scored_post, user_id=user)


async def done_by(tx: Tx, user: str) -> list[Credit]:
    """Return what counts for a user beside posts: reviews and rankings that the user made, and ranks of their posts."""
    return await many(tx, "leaderboards/done_by", lambda row: Credit(row["at"], {row["figure"]: 1}, user), user_id=user)


async def judgements_about(tx: Tx, ids: Sequence[str]) -> list[Credit]:
    """For whom the reviews of some posts count, and the rankings under them."""
    return await many(
        tx,
        "leaderboards/judgements_about",
        lambda row: Credit(row["at"], {row["figure"]: 1}, row["user_id"]),
        ids=list(ids),
    )


@dataclass(frozen=True, slots=True)
class GivenJudgement:
    """Something that a user said of somebody's post: labels, a reaction, or a place in a ranking from 0 to 2."""

    author: str
    at: int
    labels: list[dict[str, object]]
    emoji: str | None
    place: int | None


_given_judgement = decoder(GivenJudgement)


async def judgements_by(tx: Tx, user: str) -> list[GivenJudgement]:
    """What a user's reviews, remarks, reports, reactions and rankings count for others."""
    return await many(tx, "leaderboards/judgements_by", _given_judgement, user_id=user)


# Scores


@dataclass(frozen=True, slots=True)
class ScoredUser:
    """A user as the leaderboards need it, with the user's scores."""

    id: str
    enabled: bool
    shown: bool
    scores: Mapping[TimeFrame, Score]


@dataclass(frozen=True, slots=True)
class Collected:
    """What one step of the boards has to work on."""

    credits: list[Credit]
    slots: list[Slot]
    """Those that the credits fall into, and those that are due."""
    people: list[ScoredUser]
    """Whom both concern, but for the system's users."""


def _slot(row: Row) -> Slot:
    return Slot(
        row["user"], row["start"], _figures(row), tuple(TimeFrame(frame) for frame in row["frames"]), row["due"]
    )


def _score(row: Row) -> Score:
    # The stored `behind` and `troll_behind` order the index. The store moves properties while a score is written, and a
    # read at that moment can miss one. So the points are computed from the figures.
    figures = _figures(row)
    return Score(
        row["user"],
        TimeFrame(row["frame"]),
        figures,
        scoring.points(figures),
        scoring.troll_points(figures),
        datetime.fromtimestamp(row["modified"] / 1000, UTC),
        row["enabled"],
        row.get("board") is not None,
    )


def _scored_user(row: Row) -> ScoredUser:
    scores = {score.frame: score for score in map(_score, row["scores"])}
    return ScoredUser(row["id"], row["enabled"], row["shown"], scores)


def _credit(row: Mapping[str, Any]) -> Credit:
    return Credit(row["at"], _figures(row, (*FIGURES, *TALLIES)), row.get("user"), row.get("lang"))


def _collected(row: Row) -> Collected:
    return Collected(
        [_credit(credit_row) for credit_row in row["credits"]],
        [_slot(slot_row) for slot_row in row["slots"]],
        [_scored_user(user_row) for user_row in row["people"]],
    )


async def pending(tx: Tx, *, now: datetime) -> bool:
    """Whether there is something to collect."""
    return await one(tx, "leaderboards/pending", lambda row: bool(row["pending"]), now_ms=milliseconds(now))


async def collect(tx: Tx, *, now: datetime, limit: int) -> Collected:
    """Take credits out of the graph; locks the ledger until the transaction ends."""
    return await one(
        tx,
        "leaderboards/collect",
        _collected,
        now_ms=milliseconds(now),
        slot_ms=SLOT_MS,
        frames=_FRAMES,
        limit=limit,
    )


async def record(
    tx: Tx,
    *,
    slots: Iterable[Slot] = (),
    scores: Iterable[Score] = (),
    moves: Mapping[tuple[TimeFrame, int], int] = MappingProxyType({}),
    tallies: Mapping[str, Figures] = MappingProxyType({}),
) -> None:
    """Write slots and scores as they are now, and add to tallies; who calls it holds the ledger.

    `moves`: by frame and points, how many more people are shown with them than before.
    """
    kept, old, scored, empty = list[Row](), list[str](), list[Row](), list[str]()
    for slot in slots:
        key = f"{slot.user} {slot.start}"
        if slot.due is None:
            old.append(key)
        else:
            kept.append({"key": key, "user": slot.user, "start": slot.start, "due": slot.due, **_framed(slot)})
    for score in scores:
        key = f"{score.user} {score.frame}"
        if score.figures:
            scored.append({"key": key, **_row(score)})
        else:
            empty.append(key)
    await run(
        tx,
        "leaderboards/record",
        slots=kept,
        old_slots=old,
        scores=scored,
        empty_scores=empty,
        buckets=[_score_bucket(frame, points, change) for (frame, points), change in moves.items() if change],
        ranges=[
            _score_range(frame, number, change) for (frame, number), change in _score_ranges(moves).items() if change
        ],
        tallies=[{"lang": lang, "change": dict(tally)} for lang, tally in tallies.items() if tally],
    )


def _score_bucket(frame: TimeFrame, points: int, change: int) -> Row:
    return {
        "key": f"{frame} {points}",
        "board": frame.value,
        "range": points // RANGE_SIZE,
        "behind": -points,
        "change": change,
    }


def _score_range(frame: TimeFrame, number: int, change: int) -> Row:
    return {"key": f"{frame} {number}", "board": frame.value, "number": number, "change": change}


def _score_ranges(moves: Mapping[tuple[TimeFrame, int], int]) -> Counter[tuple[TimeFrame, int]]:
    changes = Counter[tuple[TimeFrame, int]]()
    for (frame, points), change in moves.items():
        changes[frame, points // RANGE_SIZE] += change
    return changes


def _framed(slot: Slot) -> Row:
    return {"frames": [frame.value for frame in slot.frames], **slot.figures}


def _row(score: Score) -> Row:
    return {
        "user": score.user,
        "frame": score.frame.value,
        "board": score.frame.value if score.shown else None,
        "enabled": score.enabled,
        "behind": -score.points,
        "troll_behind": -score.troll_points,
        "modified": milliseconds(score.modified),
        **score.figures,
    }


async def waiting(tx: Tx, user: str | None) -> list[str]:
    """The credits of a user that wait, or all; locks the ledger, so that nobody takes them."""
    return await one(tx, "leaderboards/waiting", lambda row: sorted(row["credits"]), user_id=user)


async def delete_figures(tx: Tx, user: str) -> list[Score]:
    """Remove a user's slots, waiting credits and scores; return the scores. The caller holds the ledger."""
    return await many(tx, "leaderboards/delete_figures", lambda row: _score(row["score"]), user_id=user, frames=_FRAMES)


async def set_score_buckets(tx: Tx) -> None:
    """Count anew who stands where on the leaderboards; who calls it holds the ledger."""
    await run(tx, "leaderboards/set_score_buckets", frames=_FRAMES, range_size=RANGE_SIZE)


async def scored_users(tx: Tx, *, after: str, limit: int) -> list[User]:
    """Users by id, from behind `after` on; but for the system's, who get no credit."""
    return await many(tx, "leaderboards/scored_users", lambda row: _user(row["user"]), after=after, limit=limit)


# Boards


def _placed(row: Row, *, rank: int | None, frame: TimeFrame) -> BoardEntry:
    return BoardEntry(_user(row["user"]), frame, None if row["score"] is None else _score(row["score"]), rank)


async def leaderboard(tx: Tx, frame: TimeFrame, *, limit: int) -> list[BoardEntry]:
    """The best of a frame, in order."""
    rows = await one(tx, "leaderboards/leaderboard", _listed, frame=frame.value, limit=limit)
    return [_placed(row, rank=i, frame=frame) for i, row in enumerate(rows, 1)]


async def troll_board(tx: Tx, frame: TimeFrame, *, enabled: bool | None, limit: int) -> list[BoardEntry]:
    """Those of a frame whose posts others object to most; `enabled`: only such users."""
    whose = [True, False] if enabled is None else [enabled]
    rows = await one(tx, "leaderboards/troll_board", _listed, frame=frame.value, enabled=whose, limit=limit)
    return [_placed(row, rank=i, frame=frame) for i, row in enumerate(rows, 1)]


def _listed(row: Row) -> list[Row]:
    """One row for the whole list: each row costs the driver more than what is in it."""
    return row["placed"]


async def scores(tx: Tx, user: str) -> list[BoardEntry]:
    """A user in each frame; empty when there is no such user."""
    return await many(
        tx,
        "leaderboards/scores",
        lambda row: _placed(row, rank=row["rank"], frame=TimeFrame(row["frame"])),
        user_id=user,
        frames=_FRAMES,
        range_size=RANGE_SIZE,
    )


async def window(tx: Tx, user: str, frame: TimeFrame, *, size: int) -> list[BoardEntry]:
    """Return the leaderboard around a user; empty if the user is not on it."""
    rows = await one(
        tx,
        "leaderboards/window",
        _listed,
        user_id=user,
        frame=frame.value,
        range_size=RANGE_SIZE,
        size=size,
    )
    return [_placed(row, rank=row["rank"], frame=frame) for row in rows]
