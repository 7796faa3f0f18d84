"""Statistics that cost nothing to read: what events leave as credits is put into slots and scores, step by step.

An answer only leaves a credit, a node that nobody else touches, so answers never wait for each other's figures. A step
takes what waits and writes all scores that it changes; it is also what lets a frame forget. Steps of several processes
take turns at the ledger. A moderator's action takes the step itself, so boards are right when it is done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from oa_graph.errors import NotNow, StillChanging
from oa_graph.graph import stats, tasks, users
from oa_graph.graph.session import Graph, Tx, milliseconds
from oa_graph.graph.stats import Person, StateCount
from oa_graph.model import AuthMethod, Credit, Figures, Frame, Score, SystemStats, User
from oa_graph.policy import scoring

log = logging.getLogger(__name__)

Change = scoring.Change

_BATCH = 500
"""Credits, and slots that are due, in one step."""
_PAGE = 200
"""Users at once, when all is counted anew."""
_ATTEMPTS = 20
"""How often to count somebody anew while others keep changing his figures."""
_AWAY = 5.0
"""Seconds to wait for a database that does not answer."""
_READY_FOR = timedelta(hours=1)
"""How long statistics that are kept ready are good."""


# Credits


async def credit_posts(tx: Tx, ids: Sequence[str], change: Change) -> None:
    """Lets figures follow a change of posts: after they were deleted or restored, but before they are removed.

    With posts that are removed goes what others said of them: their reviews, and the rankings under them.
    """
    await stats.leave(tx, (scoring.changed(each, change) for each in await stats.standing(tx, ids)))
    if change == "removed":
        await stats.leave(tx, map(scoring.reversed, await stats.said_about(tx, ids)))


async def credit_authors(tx: Tx, ids: Sequence[str]) -> None:
    """Posts came with an import whose authors are people here; their languages have counted them."""
    live = [post for post in await stats.standing(tx, ids) if not post.deleted] if ids else []
    await stats.leave(tx, (Credit(post.at, scoring.worth(post), post.author) for post in live))


async def credit_labels(tx: Tx, *, author: str, created: datetime, labels: Mapping[str, object], amount: int) -> None:
    """Labels were given to somebody's live post (amount 1), or are taken back (-1)."""
    if figures := scoring.times(scoring.said(labels), amount):
        await stats.leave(tx, [Credit(milliseconds(created), figures, author)])


async def withdraw(tx: Tx, user: str) -> None:
    """Takes back what a user's reviews, remarks, reports, reactions and rankings count for others, before those go."""
    credits = (
        Credit(each.at, scoring.times(figures, -1), each.author)
        for each in await stats.said_by(tx, user)
        if (figures := scoring.of_saying(labels=each.labels, emoji=each.emoji, place=each.place))
    )
    await stats.leave(tx, credits)


# Steps


async def fold(tx: Tx, *, now: datetime) -> int:
    """Puts everything that waits into the scores; returns how many credits there were."""
    done = 0
    while True:
        found = await stats.collect(tx, now=now, limit=_BATCH)
        await _put(tx, found, now)
        done += len(found.credits)
        if len(found.credits) < _BATCH and len(found.slots) < _BATCH:
            return done


async def _put(tx: Tx, found: stats.Collected, now: datetime) -> None:
    people = {each.id: each for each in found.people}
    folded = scoring.fold(
        (each for each in found.credits if each.user in people),
        (each for each in found.slots if each.user in people),
        now=milliseconds(now),
    )
    scores = [
        _score(person, frame, folded.changes.get((id, frame), {}), now)
        for id, person in people.items()
        for frame in Frame
        if frame in person.scores or (id, frame) in folded.changes
    ]
    before = (score for person in people.values() for score in person.scores.values())
    await stats.record(
        tx,
        slots=folded.slots,
        scores=scores,
        moves=scoring.moves(before, scores),
        tallies=scoring.tallied(found.credits),
    )


def _score(person: Person, frame: Frame, change: Figures, now: datetime) -> Score:
    before = person.scores.get(frame)
    figures = scoring.added(before.figures if before else {}, change)
    points, trolls = scoring.points(figures), scoring.troll_points(figures)
    return Score(person.id, frame, figures, points, trolls, now, person.enabled, person.shown)


async def catch_up(graph: Graph, *, now: datetime) -> None:
    """Takes steps until nothing waits."""
    while await stats.pending(graph, now=now):
        await graph.transact(lambda tx: fold(tx, now=now))


async def follow(graph: Graph, *, every: float) -> None:
    """Keeps boards up to date, with a look each `every` seconds, until it is cancelled."""
    ready_since = datetime.min.replace(tzinfo=UTC)
    while True:
        now = datetime.now(UTC)
        pause = every
        try:
            await catch_up(graph, now=now)
            if now - ready_since > _READY_FOR:
                await refresh(graph, now=now)
                await tasks.forget_quotas(graph, now=now)
                ready_since = now
        except NotNow as error:
            log.warning("leaderboard update delayed: %s", error)
            pause = _AWAY
        except Exception:
            log.exception("a step of the boards failed")
            pause = _AWAY
        await asyncio.sleep(pause)


# Counting anew


async def drop(tx: Tx, user: str) -> None:
    """Removes all figures of a user."""
    await stats.waiting(tx, user)
    await stats.record(tx, moves=scoring.moves(await stats.drop(tx, user), ()))


async def recount(tx: Tx, ids: Sequence[str], *, now: datetime) -> None:
    """Counts users anew from what the graph says they did, inside of one transaction. Raises StillChanging."""
    for id in ids:
        if user := await users.by_id(tx, id, client=None):
            await _count(tx, user, now)


async def rebuild(graph: Graph, *, now: datetime, on_progress: Callable[[int], None] = lambda _: None) -> int:
    """Counts everybody and every language anew; returns how many users. Work may go on meanwhile.

    Raises StillChanging when it goes on so fast that some figure is never still.
    """
    done, after = 0, ""
    while page := await stats.people(graph, after=after, limit=_PAGE):
        for user in page:
            await graph.transact(lambda tx, user=user: _count(tx, user, now), patient=True)
            done += 1
            on_progress(done)
        after = page[-1].id
    await graph.transact(_count_languages, patient=True)
    return done


async def _count(tx: Tx, user: User, now: datetime) -> None:
    async def work() -> bool:
        waiting = await stats.waiting(tx, user.id)
        credits = [] if user.method is AuthMethod.SYSTEM else await _history(tx, user.id)
        # Whatever changes a figure leaves a credit: no new one, no change while we looked.
        if await stats.waiting(tx, user.id) != waiting:
            return False
        await _write(tx, _person(user), credits, now, before=await stats.drop(tx, user.id))
        return True

    await _until_still(f"user {user.id}", work)


async def _history(tx: Tx, user: str) -> list[Credit]:
    """All that counts for a user by now, found in the graph."""
    posts = await stats.written_by(tx, user)
    return [*(Credit(each.at, scoring.worth(each), user) for each in posts), *await stats.done_by(tx, user)]


async def _write(tx: Tx, person: Person, credits: Iterable[Credit], now: datetime, *, before: list[Score]) -> None:
    folded = scoring.fold(credits, (), now=milliseconds(now))
    scores = [_score(person, frame, change, now) for (_, frame), change in folded.changes.items()]
    await stats.record(tx, slots=folded.slots, scores=scores, moves=scoring.moves(before, scores))


def _person(user: User) -> Person:
    enabled = user.enabled and not user.deleted
    return Person(user.id, enabled, enabled and user.show_on_leaderboard, {})


async def _count_languages(tx: Tx) -> None:
    async def work() -> bool:
        waiting = await stats.waiting(tx, None)
        tallies = await stats.count_posts(tx)
        if await stats.waiting(tx, None) != waiting:
            return False
        await stats.set_tallies(tx, tallies)
        await stats.set_rungs(tx)
        return True

    await _until_still("the posts of all languages", work)


async def _until_still(what: str, work: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(_ATTEMPTS):
        if await work():
            return
    raise StillChanging(what=what)


# Statistics of the whole


async def system_stats(tx: Tx) -> SystemStats:
    """How many posts and trees there are."""
    found = await stats.tallies(tx)
    everything = sum(each.posts for each in found)
    deleted = sum(each.deleted for each in found)
    return SystemStats(
        all=everything,
        active=everything - deleted,
        deleted=deleted,
        active_by_lang={each.lang: n for each in found if (n := each.posts - each.deleted)},
        message_trees=sum(each.trees for each in found),
    )


def trees_by_state(counts: Iterable[StateCount]) -> dict[str, int]:
    """How many trees of all languages are in each state that has any."""
    found: dict[str, int] = {}
    for each in sorted(counts, key=lambda each: each.state):
        found[each.state.value] = found.get(each.state.value, 0) + each.trees
    return found


async def refresh(graph: Tx, *, now: datetime) -> None:
    """Makes the statistics anew that are kept ready."""
    tallies = await stats.tallies(graph)
    states = await stats.states(graph)
    kept: dict[str, object] = {
        "human_messages_by_lang": {
            each.lang: n for each in tallies if (n := each.human_prompter + each.human_assistant)
        },
        "human_messages_by_role": {
            "prompter": sum(each.human_prompter for each in tallies),
            "assistant": sum(each.human_assistant for each in tallies),
        },
        "message_trees_by_state": trees_by_state(states),
        "message_trees_states_by_lang": [
            {"lang": each.lang, "state": each.state.value, "count": each.trees} for each in states
        ],
        "users_accepted_tos": {"count": await stats.accepted_terms(graph)},
    }
    await stats.cache(graph, kept, now=now)
