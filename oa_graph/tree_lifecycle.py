"""Carries trees through their states: asks for the facts, lets the policy decide, writes, and sees to what follows.

Every function runs inside the transaction of the event that it belongs to, so a tree is never left behind in a state
that its facts have outgrown, and a crash leaves either both the event and the step, or neither.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

from oa_graph import leaderboards
from oa_graph.context import Context, Step
from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import EmojiCode
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import Consensus, HaltReason, TreeFacts, TreeState
from oa_graph.errors import NotNow
from oa_graph.graph import posts, trees
from oa_graph.graph.outcomes import ClaimOutcome
from oa_graph.graph.trees import ParentRankings
from oa_graph.policy import end_votes, growth, lottery, rating, review, sampling
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


async def apply_reviews(
    step: Step,
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
    rules = review.rules(kind, step.limits)
    verdict = review.verdict(
        reviews=reviews, quota=rules.quota, spam=spam, lang_mismatch=lang_mismatch, threshold=rules.threshold
    )
    final = accepted or (accepted is False and kind is TaskKind.LABEL_INITIAL_PROMPT)
    if verdict is None or verdict is accepted or final:
        return
    await posts.decide(
        step.tx,
        post,
        accepted=verdict,
        num_end_votes=step.limits.num_end_votes,
        ask_from_depth=end_votes.ask_from_depth(kind, step.limits, step.rng) if verdict else None,
    )
    await advance(step, tree)


async def apply_ranking(step: Step, tree: str) -> None:
    """After a ranking: carry the tree on, and rank what has all its rankings, if that is not left to the end."""
    if step.limits.rank_while_growing:
        rankings = await trees.rankings(step.tx, tree, limits=step.limits)
        complete = [
            ranking
            for ranking in rankings
            if len(ranking.orders) + ranking.objections >= step.limits.num_required_rankings
        ]
        await trees.score(step.tx, _consensus(complete))
    await advance(step, tree)


async def apply_end_vote(step: Step, *, post: str, votes_for: int, votes_against: int, votes_wanted: int) -> None:
    """After a vote on the end of a conversation: decide as soon as the missing votes cannot change the majority."""
    ended = end_votes.verdict(votes_for=votes_for, votes_against=votes_against, votes_wanted=votes_wanted)
    if ended is not None:
        await set_ended(step, post, ended=ended)


async def set_ended(step: Step, post: str, *, ended: bool) -> None:
    """Say whether the conversation ends at a post, and carry its tree on. Raise PostNotFound."""
    await advance(step, await posts.set_ended(step.tx, post, ended=ended))


def _consensus(rankings: Sequence[ParentRankings]) -> dict[str, Consensus | None]:
    return {ranking.parent: consensus(ranking.orders, not_rankable=ranking.objections) for ranking in rankings}


async def advance(step: Step, tree: str) -> None:
    """Take every step that the tree's facts allow, and open the places that its state wants."""
    facts = await trees.facts(step.tx, tree, limits=step.limits)
    if facts is not None:
        await enter(step, facts, growth.next_state(facts), halted_for=_why_halted(facts))


async def reevaluate(step: Step, tree: str) -> None:
    """`advance`, after posts or rankings came or went: a tree that was scored before is scored anew."""
    facts = await trees.facts(step.tx, tree, limits=step.limits)
    if facts is None:
        return
    if facts.state is TreeState.READY_FOR_EXPORT:
        await enter(step, facts, TreeState.READY_FOR_SCORING)
    else:
        await enter(step, facts, growth.next_state(facts), halted_for=_why_halted(facts))


def _why_halted(facts: TreeFacts) -> HaltReason | None:
    """None where a person or the automatic moderation did it before."""
    before = facts.state is TreeState.HALTED_BY_MODERATOR and facts.halted_for is None
    return None if before else growth.halted_for(facts)


async def enter(step: Step, facts: TreeFacts, state: TreeState, *, halted_for: HaltReason | None = None) -> None:
    """Put the tree into a state; one that is ready for scoring is scored at once.

    `halted_for` says why a tree is halted that goes on by itself once that is over.
    """
    entered = await _write_state(step, facts.id, state, halted_for)
    if entered is not facts.state:
        await _follow_up(step, facts.lang, facts.state, entered)


async def _write_state(step: Step, tree: str, state: TreeState, halted_for: HaltReason | None = None) -> TreeState:
    if state is TreeState.READY_FOR_SCORING:
        state = await _score(step, tree)
    why = halted_for if state is TreeState.HALTED_BY_MODERATOR else None
    await trees.enter_state(step.tx, tree, state, limits=step.limits, now=step.now, halted_for=why)
    return state


async def _score(step: Step, tree: str) -> TreeState:
    rankings = await trees.rankings(step.tx, tree, limits=step.limits)
    try:
        scores = _consensus(rankings)
    except Exception:  # a fault of ours must not cost the crowd its last ranking: an operator mends it and retries
        log.exception("the consensus of tree %s could not be found", tree)
        return TreeState.SCORING_FAILED
    await trees.score(step.tx, scores)
    await trees.close_ranks(step.tx, tree)
    return TreeState.READY_FOR_EXPORT


async def _follow_up(step: Step, lang: str, before: TreeState, after: TreeState | None) -> None:
    """What a step of one tree does to others; `after` None: the tree is gone."""
    ended = before in growth.ACTIVE and after not in growth.ACTIVE
    if ended or before is TreeState.GROWING or after is TreeState.PROMPT_LOTTERY_WAITING:
        await run_lottery(step, lang)
    if ended:
        await _activate_backlog(step, lang)


async def after_removal(step: Step, lang: str, state: TreeState) -> None:
    """After a tree was removed that was in `state`."""
    await _follow_up(step, lang, state, None)


async def run_lottery(step: Step, lang: str) -> int:
    """The prompt lottery: starts as many waiting trees of a language as growing ones are missing; return how many."""
    counts = await trees.language(step.tx, lang)
    missing = min(growth.missing_trees(growing=counts.growing, limits=step.limits), counts.waiting)
    if missing == 0:
        return 0
    waiting = await trees.waiting_prompts(step.tx, lang)
    new = rating.NEW
    tickets = [
        lottery.Ticket(
            tree=prompt.tree,
            author=prompt.author,
            wins=prompt.wins,
            mu=new.mu if prompt.mu is None or not step.limits.rank_initial_prompts else prompt.mu,
            sigma=new.sigma if prompt.sigma is None or not step.limits.rank_initial_prompts else prompt.sigma,
        )
        for prompt in waiting
    ]
    floor = step.limits.prompt_chance_floor
    won = lottery.draw(tickets, min(missing, _DRAWN_AT_ONCE), floor=floor, rng=step.rng)
    for tree in won:
        await _write_state(step, tree, TreeState.GROWING)
        facts = await trees.facts(step.tx, tree, limits=step.limits)
        # An imported tree may have all its posts already: it is ranked at once, and draws on when that is over.
        if facts is not None and growth.next_state(facts) is not TreeState.GROWING:
            await _write_state(step, tree, growth.next_state(facts))
    return len(won)


async def _activate_backlog(step: Step, lang: str) -> None:
    """An imported tree takes the place of one that has ended: by chance, and when too little is left to rank."""
    by_chance = step.rng.random() < step.limits.p_activate_backlog_tree
    minimum = step.limits.min_active_rankings_per_lang
    if not by_chance and (minimum == 0 or await _open_rankings(step, lang) >= minimum):
        return
    tree = await trees.backlog(step.tx, lang)
    facts = None if tree is None else await trees.facts(step.tx, tree, limits=step.limits)
    if facts is not None:
        await enter(step, facts, growth.activated(facts))


async def activate(step: Step, tree: str) -> bool:
    """Take an imported tree out of the backlog, to be ranked now; return whether it is out of there.

    One in which nothing can be ranked stays.
    """
    facts = await trees.facts(step.tx, tree, limits=step.limits)
    if facts is None or (facts.state is TreeState.BACKLOG_RANKING and not facts.rankable):
        return False
    await enter(step, facts, growth.activated(facts))
    return True


async def _open_rankings(step: Step, lang: str) -> int:
    pools = sampling.pools(_RANKINGS, lang, step.limits)
    return await trees.open_rankings(step.tx, pools, limit=step.limits.min_active_rankings_per_lang)


async def halt(step: Step, tree: str, state: TreeState = TreeState.HALTED_BY_MODERATOR) -> None:
    """End a tree before its time."""
    facts = await trees.facts(step.tx, tree, limits=step.limits)
    if facts is not None:
        await enter(step, facts, state)


# What posts come to


async def delete(step: Step, ids: Sequence[str]) -> None:
    """Delete posts and all below them, and carry their trees on. Raise PostNotFound where none is there."""
    changed_trees = await posts.delete(step.tx, ids, now=step.now)
    await leaderboards.credit_posts(step.tx, [post for tree in changed_trees for post in tree.posts], "deleted")
    for tree in changed_trees:
        if tree.posts:
            await reevaluate(step, tree.tree_id)


async def restore(step: Step, post: str) -> None:
    """Take back the deletion of a post and of those above it, and carry the tree on. Raise PostNotFound."""
    tree = await posts.restore(step.tx, post)
    if tree.posts:
        await leaderboards.credit_posts(step.tx, tree.posts, "restored")
        await reevaluate(step, tree.tree_id)


async def react(step: Step, *, user: str, post: str, emoji: EmojiCode, add: bool = True, renew: bool = False) -> None:
    """Give a post a reaction or take it back; then see whether that is one flag or skip too many.

    `renew`: a flag counts as new although it is there already. Raise PostNotFound.
    """
    seen = await posts.react(step.tx, user=user, post=post, emoji=emoji, add=add, renew=renew, now=step.now)
    if not (add and seen.standing and (seen.changed or renew)):
        return
    if emoji is EmojiCode.RED_FLAG:
        await after_flag(step, post=post, tree=seen.tree_id, state=seen.state, depth=seen.depth, flags=seen.red_flags)
    if emoji is EmojiCode.SKIP_REPLY:
        await after_skip(step, tree=seen.tree_id, state=seen.state, skips=seen.skips)


async def after_flag(step: Step, *, post: str, tree: str, state: TreeState, depth: int, flags: int) -> None:
    """A prompt with too many flags ends its tree, a reply with too many is deleted."""
    if not step.limits.auto_mod_enabled or flags < step.limits.auto_mod_red_flags or state not in _UNDER_MODERATION:
        return
    if depth == 0:
        await halt(step, tree, TreeState.ABORTED_LOW_GRADE)
    else:
        await delete(step, [post])


async def after_skip(step: Step, *, tree: str, state: TreeState, skips: int) -> None:
    """A post whose replies too many people skip ends its tree."""
    if step.limits.auto_mod_enabled and skips >= step.limits.auto_mod_max_skip_reply and state in _UNDER_MODERATION:
        await halt(step, tree)


async def start_waiting_trees(context: Context) -> None:
    """Draw prompts in every language until as many trees grow as may."""
    for lang, counts in (await trees.languages(context.store)).items():
        if not (counts.waiting and growth.missing_trees(growing=counts.growing, limits=context.limits)):
            continue
        while await context.store.transact(lambda tx, lang=lang: run_lottery(context.step(tx), lang)):
            pass


# Changed limits


def fingerprint(limits: Limits) -> str:
    """Return the same text for equal limits, in any process and release."""
    return sha256(json.dumps(asdict(limits), sort_keys=True).encode()).hexdigest()


async def follow_limits(context: Context) -> None:
    """Run `apply_limits` until this process or another has looked at all trees."""
    holder = str(uuid4())
    while True:
        try:
            if await apply_limits(context, holder=holder):
                return
        except NotNow as error:
            log.warning("changed limits not applied to unfinished trees yet: %s", error)
        except Exception:
            log.exception("changed limits could not be applied to unfinished trees")
        await asyncio.sleep(_PAUSE_SEC)


async def apply_limits(context: Context, *, holder: str) -> bool:
    """Carry on every unfinished tree if the limits are not those of the last time.

    A tree may wait for what these limits ask nobody for. Each tree is a transaction of its own, and a process that
    stops leaves the rest to the next one. Return False while another process is at it.
    """
    limits, store = fingerprint(context.limits), context.store
    now = context.clock()
    claim = await trees.claim_limits(store, fingerprint=limits, holder=holder, now=now, until=now + _CLAIM)
    if claim.outcome is not ClaimOutcome.CLAIMED:
        return claim.outcome is ClaimOutcome.APPLIED
    log.info("looking at unfinished trees under the limits of this start")
    after = claim.after
    while page := await trees.page(store, after=after, limit=_PAGE):
        for id in (id for id, state in page if state in _UNFINISHED):
            try:
                await store.transact(lambda tx, id=id: _apply_to_tree(context.step(tx), id))
            except NotNow:
                raise
            except Exception:  # a fault of ours in one tree must not keep the others waiting
                log.exception("changed limits could not be applied to tree %s", id)
        after = page[-1][0]
        if not await _record(context, limits, holder=holder, after=after):
            return False
    await start_waiting_trees(context)
    return await _record(context, limits, holder=holder, after=None)


_UNFINISHED = growth.ACTIVE | {TreeState.PROMPT_LOTTERY_WAITING}


async def _record(context: Context, limits: str, *, holder: str, after: str | None) -> bool:
    until = context.clock() + _CLAIM
    return await trees.record_limits(context.store, fingerprint=limits, holder=holder, after=after, until=until)


async def _apply_to_tree(step: Step, tree: str) -> None:
    """Judge posts that have reviews enough by now, then take the steps that the tree's facts allow."""
    for post in await trees.undecided(step.tx, tree):
        await apply_reviews(
            step,
            post=post.post,
            tree=tree,
            kind=post.kind,
            reviews=post.reviews,
            spam=post.spam,
            lang_mismatch=post.lang_mismatch,
            accepted=None,
        )
    await advance(step, tree)
