"""Trees: their state, the facts that decide it, the lottery's tickets, consensus and ratings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from oa_graph.domain.limits import Limits
from oa_graph.domain.listings import FIRST_MOMENT, LAST_ID, LAST_MOMENT, Bound, PageRange, TreeFilter
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import Consensus, HaltReason, ListedTree, Rating, Tree, TreeFacts, TreeState
from oa_graph.errors import PostNotFound
from oa_graph.graph.outcomes import ClaimOutcome
from oa_graph.graph.session import Row, Tx, decoder, many, maybe, milliseconds, one, run

_tree = decoder(Tree)
_facts = decoder(TreeFacts)

_TICKETS = 500
"""The lottery looks at so many prompts at most, drawn at random when more wait."""


async def unfinished(tx: Tx, ids: Collection[str], *, finished: Collection[TreeState]) -> set[str]:
    """Those of some trees that are in none of the `finished` states."""
    rows = await many(tx, "trees/unfinished", lambda row: str(row["tree_id"]), ids=list(ids), finished=sorted(finished))
    return set(rows)


async def tree_of(tx: Tx, post_id: str) -> Tree:
    """The tree that a post belongs to; raise PostNotFound."""
    tree = await maybe(tx, "trees/tree", _tree, post_id=post_id)
    if tree is None:
        raise PostNotFound(id=post_id)
    return tree


async def states(tx: Tx, ids: Collection[str]) -> dict[str, TreeState]:
    """The states of some trees; unknown ones are left out."""
    return dict(await many(tx, "trees/states", lambda row: (str(row["id"]), TreeState(row["state"])), ids=list(ids)))


_listed = decoder(ListedTree)


async def newest(tx: Tx, span: PageRange[datetime], *, where: TreeFilter) -> list[ListedTree]:
    """Trees by the time when they began, newest first, as far as the span goes."""
    assert span.desc, "trees are listed newest first"
    low, high = span.low or Bound(FIRST_MOMENT, None), span.high or Bound(LAST_MOMENT, None)
    return await many(
        tx,
        "trees/newest",
        _listed,
        states=sorted(where.states),
        lang=where.lang,
        low=low.value.astimezone(UTC),
        high=high.value.astimezone(UTC),
        high_id=LAST_ID if high.id is None else high.id,
        include_deleted=where.include_deleted,
        limit=span.limit,
    )


async def facts(tx: Tx, id: str, *, limits: Limits) -> TreeFacts | None:
    """What decides the next state of a tree; locks it until the transaction ends."""
    return await maybe(
        tx,
        "trees/facts",
        _facts,
        id=id,
        num_prompter_replies=limits.num_prompter_replies,
        num_required_rankings=limits.num_required_rankings,
        rank_prompter_replies=limits.rank_prompter_replies,
        rank_while_growing=limits.rank_while_growing,
    )


async def enter_state(
    tx: Tx, id: str, state: TreeState, *, limits: Limits, now: datetime, halted_for: HaltReason | None = None
) -> None:
    """Put a tree into a state and open just the places that the state wants."""
    await run(
        tx,
        "trees/enter_state",
        id=id,
        state=state,
        halted_for=halted_for,
        now=now,
        now_ms=milliseconds(now),
        num_prompter_replies=limits.num_prompter_replies,
        num_required_rankings=limits.num_required_rankings,
        rank_prompter_replies=limits.rank_prompter_replies,
        rank_while_growing=limits.rank_while_growing,
        num_prompt_rankings=limits.num_prompt_rankings if limits.rank_initial_prompts else 0,
        quota_prompt=limits.num_reviews_initial_prompt,
        quota_reply=limits.num_reviews_reply,
    )


@dataclass(frozen=True, slots=True)
class ParentRankings:
    """All orders given of one parent's replies."""

    parent: str
    orders: list[list[str]]
    objections: int


_rankings = decoder(ParentRankings)


async def rankings(tx: Tx, id: str, *, limits: Limits) -> list[ParentRankings]:
    """The orders given in a tree, one value for each ranked parent."""
    return await many(tx, "trees/rankings", _rankings, id=id, with_prompter_replies=limits.rank_prompter_replies)


async def close_ranks(tx: Tx, id: str) -> None:
    """Count the ranks that a tree came with over what is live; replies that nobody ranked lose theirs."""
    await run(tx, "trees/close_ranks", id=id)


async def score(tx: Tx, scores: Mapping[str, Consensus | None]) -> None:
    """Write the consensus of each parent; with None its replies have no rank."""
    await run(
        tx,
        "trees/score",
        scores=[
            {
                "parent": parent,
                "order": list(order.order) if order else [],
                "margin": order.margin if order else None,
            }
            for parent, order in scores.items()
        ],
    )


@dataclass(frozen=True, slots=True)
class LanguageCounts:
    """How many trees of a language are in the states that the lottery looks at."""

    growing: int
    reviewing: int
    waiting: int


_counts = decoder(LanguageCounts)


async def language(tx: Tx, lang: str) -> LanguageCounts:
    """The counts; locks the language, so that two lotteries cannot both fill one gap."""
    return await one(tx, "trees/language", _counts, lang=lang)


@dataclass(frozen=True, slots=True)
class LanguageTreeCounts:
    """The trees of one language, by state, and the initial prompts that somebody is writing in it now."""

    lang: str
    states: Mapping[TreeState, int]
    leased: int


def _language_tree_counts(row: Row) -> LanguageTreeCounts:
    counted = {state: int(row["states"].get(state, 0)) for state in TreeState}
    return LanguageTreeCounts(row["lang"], {state: count for state, count in counted.items() if count}, row["leased"])


async def counts(tx: Tx, *, limit: int, now: datetime) -> list[LanguageTreeCounts]:
    """The trees of each language, of `limit` languages at most."""
    return await many(tx, "trees/counts", _language_tree_counts, now_ms=milliseconds(now), limit=limit)


async def languages(tx: Tx) -> dict[str, LanguageCounts]:
    """Read the counts of all languages that have trees, without a lock."""
    return dict(await many(tx, "trees/languages", lambda row: (str(row["lang"]), _counts(row))))


@dataclass(frozen=True, slots=True)
class WaitingPrompt:
    """A prompt in the lottery; mu and sigma None: never ranked."""

    tree: str
    author: str | None
    wins: int
    mu: float | None
    sigma: float | None


_waiting = decoder(WaitingPrompt)


async def waiting_prompts(tx: Tx, lang: str) -> list[WaitingPrompt]:
    """Prompts that wait in a language, each with its author's first places of the last 30 days."""
    return await many(tx, "trees/waiting_prompts", _waiting, lang=lang, limit=_TICKETS)


async def backlog(tx: Tx, lang: str) -> str | None:
    """An imported tree that waits to be ranked."""
    return await maybe(tx, "trees/backlog", lambda row: str(row["id"]), lang=lang)


async def open_rankings(tx: Tx, pools: Sequence[str], *, limit: int) -> int:
    """How many parents in these pools want rankings now; at least `limit` when there are more in one."""
    return await one(tx, "trees/open_rankings", lambda row: int(row["found"]), pools=list(pools), limit=limit)


async def ratings(tx: Tx, ids: Sequence[str], *, new: Rating) -> dict[str, Rating]:
    """What is believed of some prompts, `new` of those never ranked; locks them."""

    def pair(row: Row) -> tuple[str, Rating]:
        return row["id"], new if row["mu"] is None else Rating(mu=row["mu"], sigma=row["sigma"])

    return dict(await many(tx, "trees/ratings", pair, ids=list(ids)))


async def rate(tx: Tx, ratings: Mapping[str, Rating], *, limits: Limits) -> None:
    """Write what is believed of some prompts by now."""
    await run(
        tx,
        "trees/rate",
        ratings=[{"id": id, "mu": rating.mu, "sigma": rating.sigma} for id, rating in ratings.items()],
        num_prompt_rankings=limits.num_prompt_rankings if limits.rank_initial_prompts else 0,
    )


# Changed limits


@dataclass(frozen=True, slots=True)
class LimitsClaim:
    """What came of a process's wish to look at the unfinished trees under changed limits."""

    outcome: ClaimOutcome
    after: str
    """The id of the last tree that was looked at; empty for none."""


_claim = decoder(LimitsClaim)


async def claim_limits(tx: Tx, *, fingerprint: str, holder: str, now: datetime, until: datetime) -> LimitsClaim:
    """Claim the work that changed limits make, until that moment, unless it is done or in other hands."""
    return await one(
        tx,
        "trees/claim_limits",
        _claim,
        fingerprint=fingerprint,
        holder=holder,
        now_ms=milliseconds(now),
        until_ms=milliseconds(until),
    )


async def record_limits(tx: Tx, *, fingerprint: str, holder: str, after: str | None, until: datetime) -> bool:
    """Record the last tree that was looked at, or with None that all were; False when the claim is lost."""
    recorded = await maybe(
        tx,
        "trees/record_limits",
        lambda row: bool(row["recorded"]),
        fingerprint=fingerprint,
        holder=holder,
        after=after,
        until_ms=milliseconds(until),
    )
    return bool(recorded)


async def page(tx: Tx, *, after: str, limit: int) -> list[tuple[str, TreeState]]:
    """Ids and states of trees behind an id, in the order of ids."""
    return await many(tx, "trees/page", lambda row: (str(row["id"]), TreeState(row["state"])), after=after, limit=limit)


@dataclass(frozen=True, slots=True)
class UndecidedPost:
    """A post that was reviewed and has no verdict yet."""

    post: str
    kind: TaskKind
    reviews: int
    spam: float
    lang_mismatch: float


_undecided = decoder(UndecidedPost)


async def undecided(tx: Tx, id: str) -> list[UndecidedPost]:
    """The posts of a tree that wait for more reviews than they have; locks the tree until the transaction ends."""
    return await many(tx, "trees/undecided", _undecided, id=id)
