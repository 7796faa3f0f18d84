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
from operator import attrgetter

from oa_graph import graph
from oa_graph.context import Context
from oa_graph.domain.progress import StateCount
from oa_graph.domain.scores import BoardEntry, Credit, Figures, PostCounts, Score, TimeFrame
from oa_graph.domain.users import AuthMethod, User
from oa_graph.errors import NotNow, StillChanging, UserNotFound
from oa_graph.graph.leaderboards import Collected, ScoredUser
from oa_graph.graph.session import Store, Tx, milliseconds
from oa_graph.policy import scoring

log = logging.getLogger(__name__)

Change = scoring.Change

_BATCH = 500
"""Credits, and slots that are due, in one step."""
_PAGE = 200
"""Users at once, when all is counted anew."""
_ATTEMPTS = 20
"""How often to recount a user while others keep changing the user's figures."""
_AWAY = 5.0
"""Seconds to wait for a database that does not answer."""
_READY_FOR = timedelta(hours=1)
"""How long statistics that are kept ready are good."""


# Credits


async def credit_posts(tx: Tx, ids: Sequence[str], change: Change) -> None:
    """Let figures follow a change of posts: after they were deleted or restored, but before they are removed.

    With posts that are removed goes what others said of them: their reviews, and the rankings under them.
    """
    await graph.leaderboards.add_credits(
        tx, (scoring.change_credit(post, change) for post in await graph.leaderboards.scored_posts(tx, ids))
    )
    if change == "removed":
        await graph.leaderboards.add_credits(
            tx, map(scoring.negated, await graph.leaderboards.judgements_about(tx, ids))
        )


async def credit_authors(tx: Tx, ids: Sequence[str]) -> None:
    """Posts came with an import whose authors are people here; their languages have counted them."""
    live = [post for post in await graph.leaderboards.scored_posts(tx, ids) if not post.deleted] if ids else []
    await graph.leaderboards.add_credits(tx, (Credit(post.at, scoring.post_points(post), post.author) for post in live))


async def credit_labels(tx: Tx, *, author: str, created: datetime, labels: Mapping[str, object], amount: int) -> None:
    """Label were given to somebody's live post (amount 1), or are taken back (-1)."""
    if figures := scoring.multiplied(scoring.label_points(labels), amount):
        await graph.leaderboards.add_credits(tx, [Credit(milliseconds(created), figures, author)])


async def withdraw_judgements(tx: Tx, user: str) -> None:
    """Take back what a user's reviews, remarks, reports, reactions and rankings count for others, before those go."""
    credits = (
        Credit(judgement.at, scoring.multiplied(figures, -1), judgement.author)
        for judgement in await graph.leaderboards.judgements_by(tx, user)
        if (figures := scoring.judgement_points(labels=judgement.labels, emoji=judgement.emoji, place=judgement.place))
    )
    await graph.leaderboards.add_credits(tx, credits)


# Steps


async def apply_credits(tx: Tx, *, now: datetime) -> int:
    """Put everything that waits into the scores; return how many credits there were."""
    done = 0
    while True:
        collected = await graph.leaderboards.collect(tx, now=now, limit=_BATCH)
        await _put(tx, collected, now)
        done += len(collected.credits)
        if len(collected.credits) < _BATCH and len(collected.slots) < _BATCH:
            return done


async def _put(tx: Tx, collected: Collected, now: datetime) -> None:
    people = {person.id: person for person in collected.people}
    folded = scoring.update(
        (credit for credit in collected.credits if credit.user in people),
        (slot for slot in collected.slots if slot.user in people),
        now=milliseconds(now),
    )
    scores = [
        _score(person, frame, folded.changes.get((id, frame), {}), now)
        for id, person in people.items()
        for frame in TimeFrame
        if frame in person.scores or (id, frame) in folded.changes
    ]
    before = (score for person in people.values() for score in person.scores.values())
    await graph.leaderboards.record(
        tx,
        slots=folded.slots,
        scores=scores,
        moves=scoring.board_changes(before, scores),
        tallies=scoring.tally_by_language(collected.credits),
    )


def _score(person: ScoredUser, frame: TimeFrame, change: Figures, now: datetime) -> Score:
    before = person.scores.get(frame)
    figures = scoring.total(before.figures if before else {}, change)
    points, trolls = scoring.points(figures), scoring.troll_points(figures)
    return Score(person.id, frame, figures, points, trolls, now, person.enabled, person.shown)


async def apply_due_credits(store: Store, *, now: datetime) -> None:
    """Take steps until nothing waits."""
    while await graph.leaderboards.pending(store, now=now):
        await store.transact(lambda tx: apply_credits(tx, now=now))


async def update_regularly(context: Context, *, every: float) -> None:
    """Update the leaderboards every so many seconds, until it is cancelled."""
    store = context.store
    refreshed = datetime.min.replace(tzinfo=UTC)
    while True:
        now = context.clock()
        pause = every
        try:
            await apply_due_credits(store, now=now)
            if now - refreshed > _READY_FOR:
                await refresh(store, now=now)
                await graph.tasks.delete_expired_quotas(store, now=now)
                refreshed = now
        except NotNow as error:
            log.warning("leaderboard update delayed: %s", error)
            pause = _AWAY
        except Exception:
            log.exception("leaderboard update failed")
            pause = _AWAY
        await asyncio.sleep(pause)


# Counting anew


async def delete_figures(tx: Tx, user: str) -> None:
    """Remove all figures of a user."""
    await graph.leaderboards.waiting(tx, user)
    await graph.leaderboards.record(
        tx, moves=scoring.board_changes(await graph.leaderboards.delete_figures(tx, user), ())
    )


async def recount(tx: Tx, ids: Sequence[str], *, now: datetime) -> None:
    """Count users anew from what the graph says they did, inside of one transaction. Raise StillChanging."""
    for id in ids:
        if user := await graph.users.by_id(tx, id, client=None):
            await _count(tx, user, now)


async def rebuild(store: Store, *, now: datetime, on_progress: Callable[[int], None] = lambda _: None) -> int:
    """Count everybody and every language anew; return how many users. Work may go on meanwhile.

    Raise StillChanging when it goes on so fast that some figure is never still.
    """
    done, after = 0, ""
    while page := await graph.leaderboards.scored_users(store, after=after, limit=_PAGE):
        for user in page:
            await store.transact(lambda tx, user=user: _count(tx, user, now), no_timeout=True)
            done += 1
            on_progress(done)
        after = page[-1].id
    await store.transact(_count_languages, no_timeout=True)
    return done


async def _count(tx: Tx, user: User, now: datetime) -> None:
    async def work() -> bool:
        waiting = await graph.leaderboards.waiting(tx, user.id)
        credits = [] if user.method is AuthMethod.SYSTEM else await _history(tx, user.id)
        # Whatever changes a figure leaves a credit: no new one, no change while we looked.
        if await graph.leaderboards.waiting(tx, user.id) != waiting:
            return False
        await _write(tx, _person(user), credits, now, before=await graph.leaderboards.delete_figures(tx, user.id))
        return True

    await _retry_until_unchanged(f"user {user.id}", work)


async def _history(tx: Tx, user: str) -> list[Credit]:
    """All that counts for a user by now, found in the graph."""
    posts = await graph.leaderboards.written_by(tx, user)
    return [
        *(Credit(post.at, scoring.post_points(post), user) for post in posts),
        *await graph.leaderboards.done_by(tx, user),
    ]


async def _write(tx: Tx, person: ScoredUser, credits: Iterable[Credit], now: datetime, *, before: list[Score]) -> None:
    folded = scoring.update(credits, (), now=milliseconds(now))
    scores = [_score(person, frame, change, now) for (_, frame), change in folded.changes.items()]
    await graph.leaderboards.record(tx, slots=folded.slots, scores=scores, moves=scoring.board_changes(before, scores))


def _person(user: User) -> ScoredUser:
    enabled = user.enabled and not user.deleted
    return ScoredUser(user.id, enabled, enabled and user.show_on_leaderboard, {})


async def _count_languages(tx: Tx) -> None:
    async def work() -> bool:
        waiting = await graph.leaderboards.waiting(tx, None)
        tallies = await graph.stats.count_posts(tx)
        if await graph.leaderboards.waiting(tx, None) != waiting:
            return False
        await graph.stats.set_tallies(tx, tallies)
        await graph.leaderboards.set_score_buckets(tx)
        return True

    await _retry_until_unchanged("the posts of all languages", work)


async def _retry_until_unchanged(subject: str, work: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(_ATTEMPTS):
        if await work():
            return
    raise StillChanging(what=subject)


# Statistics of the whole


async def system_stats(tx: Tx) -> PostCounts:
    """How many posts and trees there are."""
    tallies = await graph.stats.tallies(tx)
    everything = sum(tally.posts for tally in tallies)
    deleted = sum(tally.deleted for tally in tallies)
    return PostCounts(
        all=everything,
        active=everything - deleted,
        deleted=deleted,
        active_by_lang={tally.lang: n for tally in tallies if (n := tally.posts - tally.deleted)},
        message_trees=sum(tally.trees for tally in tallies),
    )


def trees_by_state(counts: Iterable[StateCount]) -> dict[str, int]:
    """How many trees of all languages are in each state that has any."""
    trees: dict[str, int] = {}
    for state_count in sorted(counts, key=attrgetter("state")):
        trees[state_count.state.value] = trees.get(state_count.state.value, 0) + state_count.trees
    return trees


async def refresh(tx: Tx, *, now: datetime) -> None:
    """Make the statistics anew that are kept ready."""
    tallies = await graph.stats.tallies(tx)
    states = await graph.stats.states(tx)
    kept: dict[str, object] = {
        "human_messages_by_lang": {
            tally.lang: n for tally in tallies if (n := tally.human_prompter + tally.human_assistant)
        },
        "human_messages_by_role": {
            "prompter": sum(tally.human_prompter for tally in tallies),
            "assistant": sum(tally.human_assistant for tally in tallies),
        },
        "message_trees_by_state": trees_by_state(states),
        "message_trees_states_by_lang": [
            {"lang": state_count.lang, "state": state_count.state.value, "count": state_count.trees}
            for state_count in states
        ],
        "users_accepted_tos": {"count": await graph.stats.accepted_terms(tx)},
    }
    await graph.stats.cache(tx, kept, now=now)


# The topic of a collection


class Leaderboards:
    """The leaderboards of a collection, and the figures of its users."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def leaderboard(self, frame: TimeFrame, *, limit: int = 100) -> list[BoardEntry]:
        """Return the users with most points in a time frame, best first."""
        return await graph.leaderboards.leaderboard(self._context.store, frame, limit=limit)

    async def troll_board(self, frame: TimeFrame, *, enabled: bool | None = None, limit: int = 100) -> list[BoardEntry]:
        """Return the users whose posts were objected to most; `enabled`: only such users."""
        return await graph.leaderboards.troll_board(self._context.store, frame, enabled=enabled, limit=limit)

    async def window(self, user: str, frame: TimeFrame, *, size: int = 5) -> list[BoardEntry]:
        """Return the leaderboard around a user; empty if the user is not on it."""
        return await graph.leaderboards.window(self._context.store, user, frame, size=size)

    async def scores(self, user: str) -> list[BoardEntry]:
        """Return the figures of a user in each time frame; empty if there is no such user."""
        return await graph.leaderboards.scores(self._context.store, user)

    async def score(self, user: str, frame: TimeFrame) -> BoardEntry:
        """Return the figures of a user in a time frame. Raise UserNotFound."""
        for entry in await self.scores(user):
            if entry.frame is frame:
                return entry
        raise UserNotFound(id=user)

    async def update(self) -> None:
        """Update all leaderboards now."""
        await apply_due_credits(self._context.store, now=self._context.clock())

    async def rebuild(self, *, on_progress: Callable[[int], None] = lambda _: None) -> int:
        """Count the figures of all users and languages from the graph; return how many users.

        Work may go on meanwhile. Raise StillChanging if some figure does not stop changing.
        """
        return await rebuild(self._context.store, now=self._context.clock(), on_progress=on_progress)
