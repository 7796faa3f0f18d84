"""Figures: credits that events leave, the slots and scores that they end in, and what is read from those."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from oa_graph.graph.queries import catalogue
from oa_graph.graph.session import Graph, Row, Tx, decoder, many, milliseconds, one, run
from oa_graph.model import (
    FIGURES,
    SLOT_MS,
    TALLIES,
    Credit,
    Figures,
    Frame,
    Placed,
    Role,
    Score,
    Slot,
    Standing,
    TreeState,
    User,
)

_user = decoder(User)
_standing = decoder(Standing)

_FRAMES = [each.value for each in Frame]

FLIGHT = 256
"""Points that one flight of a leaderboard's rungs spans.

A rung says how many people are shown with just so many points, a flight how many on all its rungs. A rank is then a sum
over flights and over the rungs of one, instead of over everybody who is ahead.
"""


def _figures(row: Mapping[str, Any], names: Sequence[str] = FIGURES) -> dict[str, int]:
    return {name: row[name] for name in names if row.get(name)}


# Credits


async def leave(tx: Tx, credits: Iterable[Credit]) -> None:
    """Leaves credits for the next step of the boards to find."""
    rows = [credit(each) for each in credits]
    if rows:
        await run(tx, "stats/credit", credits=rows)


def credit(given: Credit) -> dict[str, object]:
    """The properties of a credit's node."""
    figures = {name: number for name, number in given.figures.items() if number}
    return {"at": given.at, "user": given.user, "lang": given.lang, **figures}


def _stands(row: Row) -> Standing:
    return _standing(row["post"])


async def standing(tx: Tx, ids: Sequence[str]) -> list[Standing]:
    """Some posts with all that makes them count."""
    return await many(tx, "stats/posts", _stands, ids=list(ids))


async def written_by(tx: Tx, user: str) -> list[Standing]:
    """The live posts of a user with all that makes them count."""
    return await many(tx, "stats/posts_of", _stands, user_id=user)


async def done_by(tx: Tx, user: str) -> list[Credit]:
    """What counts for a user beside his posts: reviews and rankings that he gave, and places that he was given."""
    return await many(tx, "stats/done_by", lambda row: Credit(row["at"], {row["figure"]: 1}, user), user_id=user)


async def said_about(tx: Tx, ids: Sequence[str]) -> list[Credit]:
    """For whom the reviews of some posts count, and the rankings under them."""
    return await many(
        tx, "stats/said_about", lambda row: Credit(row["at"], {row["figure"]: 1}, row["user_id"]), ids=list(ids)
    )


@dataclass(frozen=True, slots=True)
class Said:
    """Something that a user said of somebody's post: labels, a reaction, or a place in a ranking from 0 to 2."""

    author: str
    at: int
    labels: list[dict[str, object]]
    emoji: str | None
    place: int | None


_said = decoder(Said)


async def said_by(tx: Tx, user: str) -> list[Said]:
    """What a user's reviews, remarks, reports, reactions and rankings count for others."""
    return await many(tx, "stats/said_by", _said, user_id=user)


# Scores


@dataclass(frozen=True, slots=True)
class Person:
    """A user as the boards see him, and what he has there."""

    id: str
    enabled: bool
    shown: bool
    scores: Mapping[Frame, Score]


@dataclass(frozen=True, slots=True)
class Collected:
    """What one step of the boards has to work on."""

    credits: list[Credit]
    slots: list[Slot]
    """Those that the credits fall into, and those that are due."""
    people: list[Person]
    """Whom both concern, but for the system's users."""


def _slot(row: Row) -> Slot:
    return Slot(row["user"], row["start"], _figures(row), tuple(Frame(each) for each in row["frames"]), row["due"])


def _score(row: Row) -> Score:
    return Score(
        row["user"],
        Frame(row["frame"]),
        _figures(row),
        -row["behind"],
        -row["troll_behind"],
        datetime.fromtimestamp(row["modified"] / 1000, UTC),
        row["enabled"],
        row.get("board") is not None,
    )


def _person(row: Row) -> Person:
    scores = {each.frame: each for each in map(_score, row["scores"])}
    return Person(row["id"], row["enabled"], row["shown"], scores)


def _credit(row: Mapping[str, Any]) -> Credit:
    return Credit(row["at"], _figures(row, (*FIGURES, *TALLIES)), row.get("user"), row.get("lang"))


def _collected(row: Row) -> Collected:
    return Collected(
        [_credit(each) for each in row["credits"]],
        [_slot(each) for each in row["slots"]],
        [_person(each) for each in row["people"]],
    )


async def pending(tx: Tx, *, now: datetime) -> bool:
    """Whether there is something to collect."""
    return await one(tx, "stats/pending", lambda row: bool(row["pending"]), now_ms=milliseconds(now))


async def collect(tx: Tx, *, now: datetime, limit: int) -> Collected:
    """Takes credits out of the graph; locks the ledger until the transaction ends."""
    return await one(
        tx,
        "stats/collect",
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
    moves: Mapping[tuple[Frame, int], int] = MappingProxyType({}),
    tallies: Mapping[str, Figures] = MappingProxyType({}),
) -> None:
    """Writes slots and scores as they are now, and adds to tallies; who calls it holds the ledger.

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
        "stats/record",
        slots=kept,
        old_slots=old,
        scores=scored,
        empty_scores=empty,
        rungs=[_rung(frame, points, change) for (frame, points), change in moves.items() if change],
        flights=[_flight(frame, number, change) for (frame, number), change in _flights(moves).items() if change],
        tallies=[{"lang": lang, "change": dict(each)} for lang, each in tallies.items() if each],
    )


def _rung(frame: Frame, points: int, change: int) -> Row:
    return {
        "key": f"{frame} {points}",
        "board": frame.value,
        "flight": points // FLIGHT,
        "behind": -points,
        "change": change,
    }


def _flight(frame: Frame, number: int, change: int) -> Row:
    return {"key": f"{frame} {number}", "board": frame.value, "number": number, "change": change}


def _flights(moves: Mapping[tuple[Frame, int], int]) -> Counter[tuple[Frame, int]]:
    found = Counter[tuple[Frame, int]]()
    for (frame, points), change in moves.items():
        found[frame, points // FLIGHT] += change
    return found


def _framed(slot: Slot) -> Row:
    return {"frames": [each.value for each in slot.frames], **slot.figures}


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
    return await one(tx, "stats/waiting", lambda row: sorted(row["credits"]), user_id=user)


async def drop(tx: Tx, user: str) -> list[Score]:
    """Removes a user's slots, what waits for them, and his scores, which it returns; who calls it holds the ledger."""
    return await many(tx, "stats/drop", lambda row: _score(row["score"]), user_id=user, frames=_FRAMES)


async def set_rungs(tx: Tx) -> None:
    """Counts anew who stands where on the leaderboards; who calls it holds the ledger."""
    await run(tx, "stats/set_rungs", frames=_FRAMES, flight=FLIGHT)


async def people(tx: Tx, *, after: str, limit: int) -> list[User]:
    """Users by id, from behind `after` on; but for the system's, who get no credit."""
    return await many(tx, "stats/people", lambda row: _user(row["user"]), after=after, limit=limit)


async def count_posts(tx: Tx) -> list[Row]:
    """The tallies as they should be; looks at every post."""
    return await many(tx, "stats/count_posts", dict)


async def set_tallies(tx: Tx, tallies: Sequence[Row]) -> None:
    """Replaces all tallies; who calls it holds the ledger."""
    await run(tx, "stats/set_tallies", tallies=[dict(each) for each in tallies])


# Reading


def _placed(row: Row, *, rank: int | None, frame: Frame) -> Placed:
    return Placed(_user(row["user"]), frame, None if row["score"] is None else _score(row["score"]), rank)


async def leaderboard(tx: Tx, frame: Frame, *, limit: int) -> list[Placed]:
    """The best of a frame, in order."""
    rows = await one(tx, "stats/leaderboard", _listed, frame=frame.value, limit=limit)
    return [_placed(row, rank=i, frame=frame) for i, row in enumerate(rows, 1)]


async def troll_board(tx: Tx, frame: Frame, *, enabled: bool | None, limit: int) -> list[Placed]:
    """Those of a frame whose posts others object to most; `enabled`: only such users."""
    whose = [True, False] if enabled is None else [enabled]
    rows = await one(tx, "stats/troll_board", _listed, frame=frame.value, enabled=whose, limit=limit)
    return [_placed(row, rank=i, frame=frame) for i, row in enumerate(rows, 1)]


def _listed(row: Row) -> list[Row]:
    """One row for the whole list: each row costs the driver more than what is in it."""
    return row["placed"]


async def scores(tx: Tx, user: str) -> list[Placed]:
    """A user in each frame; empty when there is no such user."""
    return await many(
        tx,
        "stats/scores",
        lambda row: _placed(row, rank=row["rank"], frame=Frame(row["frame"])),
        user_id=user,
        frames=_FRAMES,
        flight=FLIGHT,
    )


async def window(tx: Tx, user: str, frame: Frame, *, size: int) -> list[Placed]:
    """A leaderboard around a user; empty when he is not on it."""
    rows = await one(
        tx,
        "stats/window",
        _listed,
        user_id=user,
        frame=frame.value,
        flight=FLIGHT,
        size=size,
    )
    return [_placed(row, rank=row["rank"], frame=frame) for row in rows]


@dataclass(frozen=True, slots=True)
class Tally:
    """The trees and posts of a language."""

    lang: str
    trees: int = 0
    posts: int = 0
    deleted: int = 0
    human_prompter: int = 0
    human_assistant: int = 0


_tally = decoder(Tally)


async def tallies(tx: Tx) -> list[Tally]:
    """Trees and posts by language."""
    return await many(tx, "stats/tallies", lambda row: _tally(row["tally"]))


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many trees of a language are in a state."""

    lang: str
    state: TreeState
    trees: int


_state_count = decoder(StateCount)


async def states(tx: Tx) -> list[StateCount]:
    """Trees by language and state; those that are not 0."""
    return await many(tx, "stats/states", _state_count, states=[each.value for each in TreeState])


@dataclass(frozen=True, slots=True)
class TreeSize:
    """A tree and its live posts."""

    id: str
    state: TreeState
    goal: int
    depth: int
    oldest: datetime
    newest: datetime
    posts: int


_tree_size = decoder(TreeSize)


async def tree_sizes(tx: Tx, states: Iterable[TreeState], *, limit: int) -> list[TreeSize]:
    """The trees in some states, at most `limit` of each, oldest first."""
    return await many(tx, "stats/trees", _tree_size, states=[each.value for each in states], limit=limit)


async def accepted_terms(tx: Tx) -> int:
    """How many enabled users have accepted the terms."""
    return await one(tx, "stats/accepted_terms", lambda row: int(row["users"]))


@dataclass(frozen=True, slots=True)
class Cached:
    """Statistics that are kept ready: JSON's own values."""

    name: str
    stats: Any
    updated: datetime


async def cached(tx: Tx) -> list[Cached]:
    """What is kept ready, by name."""
    return await many(tx, "stats/cached", lambda row: Cached(row["name"], json.loads(row["stats"]), row["updated"]))


async def cache(tx: Tx, stats: Mapping[str, object], *, now: datetime) -> None:
    """Keeps statistics ready under their names."""
    await run(tx, "stats/cache", stats={name: json.dumps(each) for name, each in stats.items()}, now=now)


# What people said


_BUNCH, _AHEAD = 16, 8
"""Trees in one row, and rows that the driver reads ahead: some megabytes."""


@dataclass(frozen=True, slots=True)
class LabelsGiven:
    """What people said of posts that two or more of them reviewed."""

    trees: int
    """That were looked at."""
    makers: Sequence[Sequence[str]]
    """Of each post: the user ids of those who reviewed it, in order."""
    values: Mapping[str, Sequence[Sequence[float | None]]]
    """By label, of each post: what each of its makers said; None: nothing."""


async def labels_given(
    graph: Graph, labels: Sequence[str], *, lang: str | None, trees: int | None, seconds: float | None = None
) -> LabelsGiven:
    """The labels that people gave in the first `trees` by id, or in all; None stands for every language.

    Raises StoreBusy when it takes longer than so many seconds; StoreUnavailable.
    """
    seen, makers, known = 0, list[Sequence[str]](), dict[str, str]()
    columns: list[list[Sequence[float | None]]] = [[] for _ in labels]
    alike: dict[tuple[float | None, ...], tuple[float | None, ...]] = {}  # few, and each is there many times
    rows = _streamed(graph, "stats/labels_given", seconds, lang=lang, trees=trees, labels=list(labels))
    async with aclosing(rows) as read:
        async for found, posts in read:
            seen += found
            for given in posts:
                given.sort(key=_maker)
                makers.append([known.setdefault(maker, maker) for maker, _ in given])
                for column, said in zip(columns, zip(*(values for _, values in given), strict=True), strict=True):
                    column.append(alike.setdefault(said, said))
    return LabelsGiven(seen, makers, dict(zip(labels, columns, strict=True)))


@dataclass(frozen=True, slots=True)
class RankingsGiven:
    """How two or more people each ranked the replies to a post."""

    role: Role
    """Of the replies."""
    makers: Sequence[str]
    """User ids, in order."""
    places: Sequence[Mapping[str, int]]
    """Of each maker: the place of each reply, by its id; 0 is best."""


_REPLIES = {Role.PROMPTER.value: Role.ASSISTANT, Role.ASSISTANT.value: Role.PROMPTER}


async def rankings_given(
    graph: Graph, *, lang: str | None, trees: int | None, seconds: float | None = None
) -> list[RankingsGiven]:
    """The orders that people gave of replies in the trees that `labels_given` looks at. Raises as that does."""
    found, known = list[RankingsGiven](), dict[str, str]()
    async with aclosing(_streamed(graph, "stats/rankings_given", seconds, lang=lang, trees=trees)) as read:
        async for (parents,) in read:
            for role, given in parents:
                given.sort(key=_maker)
                makers = [known.setdefault(maker, maker) for maker, _ in given]
                places = [{reply: place for place, reply in sorted(each)} for _, each in given]
                found.append(RankingsGiven(_REPLIES[role], makers, places))
    return found


def _maker(given: Sequence[Any]) -> str:
    return given[0]


async def _streamed(
    graph: Graph, name: str, seconds: float | None, **parameters: object
) -> AsyncGenerator[tuple[Any, ...]]:
    """The rows of a statement as they come, none of them kept."""
    query = catalogue()[name]
    async with graph.reading(seconds=seconds, ahead=_AHEAD) as transaction:
        async for record in await transaction.run(query.text, query.sent({**parameters, "bunch": _BUNCH})):
            yield tuple(record)
