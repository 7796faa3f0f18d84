"""Carries trees through their states: asks for the facts, lets the policy decide, writes, and sees to what follows.

Every function runs inside the transaction of the event that it belongs to, so a tree is never left behind in a state
that its facts have outgrown, and a crash leaves either both the event and the step, or neither.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from uuid import uuid4

from oa_graph import boards
from oa_graph.errors import NotNow
from oa_graph.graph import posts, trees
from oa_graph.graph.session import Graph, Tx
from oa_graph.model import EmojiCode, HaltedFor, Limits, TaskKind, TreeFacts, TreeState
from oa_graph.policy import growth, lottery, rating, review, sampling
from oa_graph.policy.ranking import consensus

log = logging.getLogger(__name__)

_DRAWN_AT_ONCE = 5
"""A lottery starts at most so many trees in one transaction; the next event draws on."""

_PAGE = 100
"""Trees, finished ones among them, that are looked at under changed limits before the progress is recorded."""
_CLAIM = timedelta(minutes=1)
"""How long a process that looks at trees may say nothing before another one goes on."""
_PAUSE_SEC = 5.0
"""Before the next try, where another process is at it or the database does not answer."""

_RANKINGS = (TaskKind.RANK_ASSISTANT_REPLIES, TaskKind.RANK_PROMPTER_REPLIES)


_UNDER_MODERATION = frozenset({TreeState.INITIAL_PROMPT_REVIEW, TreeState.GROWING})
"""Trees that flags and skips can end; what is ranked or finished is a moderator's business."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What every step needs beside the tree: the transaction, the rules, the time and the dice."""

    tx: Tx
    limits: Limits
    now: datetime
    rng: Random


async def judge(
    at: Moment,
    *,
    post: str,
    tree: str,
    kind: TaskKind,
    reviews: int,
    spam: float,
    lang_mismatch: float,
    accepted: bool | None,
) -> None:
    """After a review: accepts or rejects the post when enough were given, and carries the tree on.

    An acceptance is never taken back. A rejected reply may still be accepted by a late review; a rejected prompt not,
    for its tree is over.
    """
    rules = review.rules(kind, at.limits)
    verdict = review.verdict(
        reviews=reviews, quota=rules.quota, spam=spam, lang_mismatch=lang_mismatch, threshold=rules.threshold
    )
    final = accepted or (accepted is False and kind is TaskKind.LABEL_INITIAL_PROMPT)
    if verdict is None or verdict is accepted or final:
        return
    await posts.decide(at.tx, post, accepted=verdict)
    await advance(at, tree)


async def advance(at: Moment, tree: str) -> None:
    """Takes every step that the tree's facts allow, and opens the places that its state wants."""
    facts = await trees.facts(at.tx, tree, limits=at.limits)
    if facts is not None:
        await enter(at, facts, growth.next_state(facts), halted_for=_why_halted(facts))


async def reconsider(at: Moment, tree: str) -> None:
    """`advance`, after posts or rankings came or went: a tree that was scored before is scored anew."""
    facts = await trees.facts(at.tx, tree, limits=at.limits)
    if facts is None:
        return
    if facts.state is TreeState.READY_FOR_EXPORT:
        await enter(at, facts, TreeState.READY_FOR_SCORING)
    else:
        await enter(at, facts, growth.next_state(facts), halted_for=_why_halted(facts))


def _why_halted(facts: TreeFacts) -> HaltedFor | None:
    """None where a person or the automatic moderation did it before."""
    before = facts.state is TreeState.HALTED_BY_MODERATOR and facts.halted_for is None
    return None if before else growth.halted_for(facts)


async def enter(at: Moment, facts: TreeFacts, state: TreeState, *, halted_for: HaltedFor | None = None) -> None:
    """Puts the tree into a state; one that is ready for scoring is scored at once.

    `halted_for` says why a tree is halted that goes on by itself once that is over.
    """
    entered = await _put(at, facts.id, state, halted_for)
    if entered is not facts.state:
        await _follow_up(at, facts.lang, facts.state, entered)


async def _put(at: Moment, tree: str, state: TreeState, halted_for: HaltedFor | None = None) -> TreeState:
    if state is TreeState.READY_FOR_SCORING:
        state = await _score(at, tree)
    why = halted_for if state is TreeState.HALTED_BY_MODERATOR else None
    await trees.enter_state(at.tx, tree, state, limits=at.limits, now=at.now, halted_for=why)
    return state


async def _score(at: Moment, tree: str) -> TreeState:
    rankings = await trees.rankings(at.tx, tree, limits=at.limits)
    try:
        scores = {each.parent: consensus(each.orders, not_rankable=each.objections) for each in rankings}
    except Exception:  # a fault of ours must not cost the crowd its last ranking: an operator mends it and retries
        log.exception("the consensus of tree %s could not be found", tree)
        return TreeState.SCORING_FAILED
    await trees.score(at.tx, scores)
    await trees.close_ranks(at.tx, tree)
    return TreeState.READY_FOR_EXPORT


async def _follow_up(at: Moment, lang: str, before: TreeState, after: TreeState | None) -> None:
    """What a step of one tree does to others; `after` None: the tree is gone."""
    ended = before in growth.ACTIVE and after not in growth.ACTIVE
    if ended or before is TreeState.GROWING or after is TreeState.PROMPT_LOTTERY_WAITING:
        await draw(at, lang)
    if ended:
        await _activate_backlog(at, lang)


async def make_up_for(at: Moment, lang: str, state: TreeState) -> None:
    """After a tree was removed that was in `state`."""
    await _follow_up(at, lang, state, None)


async def draw(at: Moment, lang: str) -> int:
    """The prompt lottery: starts as many waiting trees of a language as growing ones are missing; returns how many."""
    counts = await trees.language(at.tx, lang)
    missing = min(growth.missing_trees(growing=counts.growing, limits=at.limits), counts.waiting)
    if missing == 0:
        return 0
    waiting = await trees.tickets(at.tx, lang)
    new = rating.NEW
    tickets = [
        lottery.Ticket(
            tree=each.tree,
            author=each.author,
            wins=each.wins,
            mu=new.mu if each.mu is None or not at.limits.rank_initial_prompts else each.mu,
            sigma=new.sigma if each.sigma is None or not at.limits.rank_initial_prompts else each.sigma,
        )
        for each in waiting
    ]
    floor = at.limits.prompt_chance_floor
    won = lottery.draw(tickets, min(missing, _DRAWN_AT_ONCE), floor=floor, rng=at.rng)
    for tree in won:
        await _put(at, tree, TreeState.GROWING)
        facts = await trees.facts(at.tx, tree, limits=at.limits)
        # An imported tree may have all its posts already: it is ranked at once, and draws on when that is over.
        if facts is not None and growth.next_state(facts) is not TreeState.GROWING:
            await _put(at, tree, growth.next_state(facts))
    return len(won)


async def _activate_backlog(at: Moment, lang: str) -> None:
    """An imported tree takes the place of one that has ended: by chance, and when too little is left to rank."""
    by_chance = at.rng.random() < at.limits.p_activate_backlog_tree
    wanted = at.limits.min_active_rankings_per_lang
    if not by_chance and (wanted == 0 or await _open_rankings(at, lang) >= wanted):
        return
    tree = await trees.backlog(at.tx, lang)
    facts = None if tree is None else await trees.facts(at.tx, tree, limits=at.limits)
    if facts is not None:
        await enter(at, facts, growth.activated(facts))


async def activate(at: Moment, tree: str) -> bool:
    """Takes an imported tree out of the backlog, to be ranked now; returns whether it is out of there.

    One in which nothing can be ranked stays.
    """
    facts = await trees.facts(at.tx, tree, limits=at.limits)
    if facts is None or (facts.state is TreeState.BACKLOG_RANKING and not facts.rankable):
        return False
    await enter(at, facts, growth.activated(facts))
    return True


async def _open_rankings(at: Moment, lang: str) -> int:
    pools = sampling.pools(_RANKINGS, lang, at.limits)
    return await trees.open_rankings(at.tx, pools, limit=at.limits.min_active_rankings_per_lang)


async def halt(at: Moment, tree: str, state: TreeState = TreeState.HALTED_BY_MODERATOR) -> None:
    """Ends a tree before its time."""
    facts = await trees.facts(at.tx, tree, limits=at.limits)
    if facts is not None:
        await enter(at, facts, state)


# What posts come to


async def delete(at: Moment, ids: Sequence[str]) -> None:
    """Deletes posts and all below them, and carries their trees on. Raises PostNotFound where none is there."""
    found = await posts.delete(at.tx, ids, now=at.now)
    await boards.credit_posts(at.tx, [post for each in found for post in each.posts], "deleted")
    for each in found:
        if each.posts:
            await reconsider(at, each.tree_id)


async def restore(at: Moment, post: str) -> None:
    """Takes back the deletion of a post and of those above it, and carries the tree on. Raises PostNotFound."""
    found = await posts.restore(at.tx, post)
    if found.posts:
        await boards.credit_posts(at.tx, found.posts, "restored")
        await reconsider(at, found.tree_id)


async def react(at: Moment, *, user: str, post: str, emoji: EmojiCode, add: bool = True, renew: bool = False) -> None:
    """Gives a post a reaction or takes it back; then sees whether that is one flag or skip too many.

    `renew`: a flag counts as new although it is there already. Raises PostNotFound.
    """
    seen = await posts.react(at.tx, user=user, post=post, emoji=emoji, add=add, renew=renew, now=at.now)
    if not (add and seen.standing and (seen.changed or renew)):
        return
    if emoji is EmojiCode.RED_FLAG:
        await flagged(at, post=post, tree=seen.tree_id, state=seen.state, depth=seen.depth, flags=seen.red_flags)
    if emoji is EmojiCode.SKIP_REPLY:
        await skipped(at, tree=seen.tree_id, state=seen.state, skips=seen.skips)


async def flagged(at: Moment, *, post: str, tree: str, state: TreeState, depth: int, flags: int) -> None:
    """A prompt with too many flags ends its tree, a reply with too many is deleted."""
    if not at.limits.auto_mod_enabled or flags < at.limits.auto_mod_red_flags or state not in _UNDER_MODERATION:
        return
    if depth == 0:
        await halt(at, tree, TreeState.ABORTED_LOW_GRADE)
    else:
        await delete(at, [post])


async def skipped(at: Moment, *, tree: str, state: TreeState, skips: int) -> None:
    """A post whose replies too many people skip ends its tree."""
    if at.limits.auto_mod_enabled and skips >= at.limits.auto_mod_max_skip_reply and state in _UNDER_MODERATION:
        await halt(at, tree)


async def tend(graph: Graph, limits: Limits, *, now: datetime, rng: Random) -> None:
    """Draws prompts in every language until as many trees grow as may."""
    for lang, counts in (await trees.languages(graph)).items():
        if not (counts.waiting and growth.missing_trees(growing=counts.growing, limits=limits)):
            continue
        while await graph.transact(lambda tx, lang=lang: draw(Moment(tx, limits, now, rng), lang)):
            pass


# Changed limits


def fingerprint(limits: Limits) -> str:
    """The same for equal limits, whichever process and release computes it."""
    return sha256(json.dumps(asdict(limits), sort_keys=True).encode()).hexdigest()


async def follow_limits(graph: Graph, limits: Limits, *, rng: Random) -> None:
    """`apply_limits`, tried until this or another process is through with all trees."""
    holder = str(uuid4())
    while True:
        try:
            if await apply_limits(graph, limits, holder=holder, rng=rng):
                return
        except NotNow as error:
            log.warning("changed limits not applied to unfinished trees yet: %s", error)
        except Exception:
            log.exception("changed limits could not be applied to unfinished trees")
        await asyncio.sleep(_PAUSE_SEC)


async def apply_limits(graph: Graph, limits: Limits, *, holder: str, rng: Random) -> bool:
    """Carries on every unfinished tree where the limits are not those of the last time.

    A tree may wait for what these limits ask nobody for. Each tree is a transaction of its own, and a process that
    stops leaves the rest to the next one. Returns False while another process is at it.
    """
    wanted, now = fingerprint(limits), datetime.now(UTC)
    claim = await trees.claim_limits(graph, fingerprint=wanted, holder=holder, now=now, until=now + _CLAIM)
    if claim.outcome != "claimed":
        return claim.outcome == "applied"
    log.info("looking at unfinished trees under the limits of this start")
    after = claim.after
    while page := await trees.page(graph, after=after, limit=_PAGE):
        for id in (id for id, state in page if state in _UNFINISHED):
            try:
                await graph.transact(lambda tx, id=id: _carry_on(Moment(tx, limits, datetime.now(UTC), rng), id))
            except NotNow:
                raise
            except Exception:  # a fault of ours in one tree must not keep the others waiting
                log.exception("changed limits could not be applied to tree %s", id)
        after = page[-1][0]
        if not await _record(graph, wanted, holder=holder, after=after):
            return False
    await tend(graph, limits, now=datetime.now(UTC), rng=rng)
    return await _record(graph, wanted, holder=holder, after=None)


_UNFINISHED = growth.ACTIVE | {TreeState.PROMPT_LOTTERY_WAITING}


async def _record(graph: Graph, wanted: str, *, holder: str, after: str | None) -> bool:
    until = datetime.now(UTC) + _CLAIM
    return await trees.record_limits(graph, fingerprint=wanted, holder=holder, after=after, until=until)


async def _carry_on(at: Moment, tree: str) -> None:
    """Judges posts that have reviews enough by now, then takes the steps that the tree's facts allow."""
    for post in await trees.undecided(at.tx, tree):
        await judge(
            at,
            post=post.post,
            tree=tree,
            kind=post.kind,
            reviews=post.reviews,
            spam=post.spam,
            lang_mismatch=post.lang_mismatch,
            accepted=None,
        )
    await advance(at, tree)
