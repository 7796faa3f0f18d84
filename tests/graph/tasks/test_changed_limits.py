"""Limits that change between two starts leave no tree behind that waits for what nobody is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from oa_graph import tree_lifecycle
from oa_graph.domain.limits import Limits, SamplingPolicy
from oa_graph.domain.tasks import EndVoteAnswer, TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import NothingToHandOut, TooManyPending
from oa_graph.graph import trees
from oa_graph.graph.outcomes import ClaimOutcome
from oa_graph.graph.session import Graph, Row
from oa_graph.policy import growth
from tests.builders import Shape, Worker, at_once, context_of, person, plant, snapshot, state_of
from tests.invariants import check

pytestmark = pytest.mark.anyio

BASE = Limits(
    max_prompt_lottery_waiting=0,  # nobody is asked for new prompts: a tree less to finish
    max_active_trees=2,
    max_tree_depth=2,
    max_children_count=2,
    num_prompter_replies=2,
    goal_tree_size=4,
    num_reviews_initial_prompt=2,
    num_reviews_reply=2,
    num_required_rankings=2,
    num_prompt_rankings=1,
    duplicate_window_sec=0,
)

Change = dict[str, tuple[object, object]]
"""Limits, each with a lower and a higher value."""

WHAT_IS_ASKED: Change = {
    "max_active_trees": (1, 4),
    "max_tree_depth": (2, 3),
    "max_children_count": (1, 3),
    "num_prompter_replies": (1, 2),
    "goal_tree_size": (1, 6),
    "num_reviews_initial_prompt": (1, 3),
    "num_reviews_reply": (1, 3),
    "num_required_rankings": (1, 3),
    "rank_prompter_replies": (False, True),
    "rank_while_growing": (False, True),
    "rank_initial_prompts": (False, True),
    "num_prompt_rankings": (1, 3),
}
HOW_IT_IS_ASKED: Change = {
    "random_goal_tree_size": (False, True),
    "min_goal_tree_size": (1, 5),
    "acceptance_threshold_initial_prompt": (0.1, 0.9),
    "acceptance_threshold_reply": (0.1, 0.9),
    "prompts_to_rank": (2, 4),
    "prompt_chance_floor": (0.0, 1.0),
    "lonely_children_count": (0, 2),
    "sampling": (SamplingPolicy.FEWEST_REPLIES, SamplingPolicy.RANDOM_THREAD),
    "sampling_assistant_reply": (SamplingPolicy.BY_RANK, SamplingPolicy.RANDOM_TREE),
    "sampling_prompter_reply": (SamplingPolicy.RANDOM_TREE, None),
    "sampling_reviews": (SamplingPolicy.UNIFORM, SamplingPolicy.INVERSE_DEPTH),
    "sampling_rankings": (SamplingPolicy.UNIFORM, SamplingPolicy.RANDOM_TREE),
    "p_activate_backlog_tree": (0.0, 1.0),
    "min_active_rankings_per_lang": (0, 5),
    "auto_mod_enabled": (False, True),
    "num_end_votes": (1, 3),
    "p_end_vote": (0.0, 1.0),
    "end_vote_min_depth": (0, 3),
    "allow_self_labeling": (False, True),
    "allow_self_ranking": (False, True),
    "allow_duplicate_tasks": (False, True),
}

CHANGES: dict[str, Change] = {
    **{name: {name: values} for name, values in WHAT_IS_ASKED.items()},
    "how it is asked": HOW_IT_IS_ASKED,
    "all": WHAT_IS_ASKED | HOW_IT_IS_ASKED,
}

NOTHING_TO_TREES = {
    "max_initial_prompt_review",
    "max_prompt_lottery_waiting",
    "init_prompt_disabled_langs",  # new prompts alone
    *(field.name for field in fields(Limits) if field.name.startswith(("p_full", "labels_", "mandatory_"))),
    "p_lonely_child_extension",
    "rank_decay",
    "recent_tasks_span_sec",
    "max_pending_tasks_per_user",
    "min_human_replies",
    "auto_mod_max_skip_reply",
    "auto_mod_red_flags",
    "lease_sec",
    "lease_max_sec",
    "author_edit_sec",
    "task_validity_sec",
    "message_size_limit",
    "duplicate_window_sec",
    "enforce_terms",
    "show_authors_in_judgements",
    "hide_authors_of_unfinished_trees",
}

GROWN: Sequence[Shape] = (
    {"One reply to an answer?": {"Yes.": {"Why?": {}}}},
    {"A reply under review?": {"?Perhaps.": {}}},
    {"Nearly done?": {"Soon.": {"When?": {}, "?Where?": {}}, "!Rejected.": {}}},
)
RANKED: Sequence[Shape] = (
    {"Which is best?": {"This.": {}, "That.": {}}},
    {"Which question?": {"So.": {"How?": {}, "Who?": {}}}},
)


async def plant_all(graph: Graph, limits: Limits) -> None:
    await plant(graph, {"?New?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW, limits=limits)
    await plant(graph, {"Waiting?": {}}, state=TreeState.PROMPT_LOTTERY_WAITING, limits=limits)
    await plant(graph, *GROWN, state=TreeState.GROWING, limits=limits)
    await plant(graph, *RANKED, state=TreeState.RANKING, limits=limits)
    for row in await graph.execute("MATCH (tree:Tree) RETURN tree.id AS id"):  # planted as if grown: take due steps
        await graph.transact(
            lambda tx, id=row["id"]: tree_lifecycle.advance(
                tree_lifecycle.Step(tx, limits, datetime.now(UTC), Random(1)), str(id)
            )
        )


async def work(worker: Worker, rng: Random) -> bool:
    """One piece of work, if there is any; the last posts of a thread may be bad."""
    try:
        task = await worker.ask()
    except (NothingToHandOut, TooManyPending):
        return False
    if task.form is not None:
        await worker.label(task, spam=float(rng.random() < 0.2 and task.kind is not TaskKind.LABEL_INITIAL_PROMPT))
    elif task.candidates:
        await worker.rank(task)
    elif task.kind is TaskKind.DECIDE_END:
        await worker.settle(EndVoteAnswer(await worker.ack(task), ends=rng.random() < 0.5))
    else:
        await worker.write(task)
    return True


async def play(graph: Graph, limits: Limits, rng: Random, *, steps: int) -> None:
    """A crowd works until nobody finds anything to do, or for so many steps."""
    crowd = [Worker(graph, limits, rng, person(f"worker {i}")) for i in range(7)]
    idle = 0
    while steps and idle < len(crowd):
        steps -= 1
        crowd.append(crowd.pop(0))
        idle = 0 if await work(crowd[0], rng) else idle + 1


async def unfinished(graph: Graph) -> list[Row]:
    return await graph.execute(
        "MATCH (tree:Tree)-[:ROOT]->(root:Post) WHERE tree.state IN $states "
        "RETURN root.text AS text, tree.state AS state, "
        "COLLECT { MATCH (post:Post {tree: tree.id}) WHERE post.pool IS NOT NULL RETURN post.pool } AS pools",
        states=[str(state) for state in growth.ACTIVE | {TreeState.PROMPT_LOTTERY_WAITING}],
    )


def _limits(changed: dict[str, object]) -> Limits:
    return Limits(**(asdict(BASE) | changed))  # pyright: ignore[reportArgumentType] - each is of its field's type


_AT_ONCE = {"num_prompter_replies", "rank_prompter_replies", "how it is asked", "all"}
"""Changes that are tried in each run of the tests; the others take minutes together."""


@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize(
    "change", [change if change in _AT_ONCE else pytest.param(change, marks=pytest.mark.slow) for change in CHANGES]
)
async def test_a_crowd_finishes_every_tree_after_limits_have_changed(graph: Graph, change: str, direction: str) -> None:
    low, high = ({name: values[i] for name, values in CHANGES[change].items()} for i in (0, 1))
    before, after = (low, high) if direction == "up" else (high, low)
    rng = Random(f"{change} {direction}")
    old, new = _limits(before), _limits(after)
    await plant_all(graph, old)
    assert await tree_lifecycle.apply_limits(context_of(graph, old, rng), holder="a process")
    await play(graph, old, rng, steps=10)
    assert await tree_lifecycle.apply_limits(context_of(graph, new, rng), holder="a process")
    await check(graph, new)
    await play(graph, new, rng, steps=1000)
    assert await unfinished(graph) == []


async def test_a_tree_whose_reviews_suffice_by_now_goes_on_without_another_one(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_initial_prompt=3)
    planted = await plant(graph, {"?What is rain?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW, limits=limits)
    for name in ("ada", "bob"):
        await Worker(graph, limits, rng, person(name)).review(TaskKind.LABEL_INITIAL_PROMPT)
    fewer = Limits(num_reviews_initial_prompt=2)
    assert await tree_lifecycle.apply_limits(context_of(graph, fewer, rng), holder="a process")
    assert await state_of(graph, planted["What is rain?"]) is TreeState.GROWING
    await check(graph, fewer)


async def test_nothing_is_looked_at_again_while_the_limits_stay(graph: Graph, limits: Limits, rng: Random) -> None:
    assert await tree_lifecycle.apply_limits(context_of(graph, limits, rng), holder="a process")
    await plant(graph, {"What is rain?": {}}, state=TreeState.PROMPT_LOTTERY_WAITING, limits=limits)
    before = await snapshot(graph)
    assert await tree_lifecycle.apply_limits(context_of(graph, limits, rng), holder="another process")
    assert await snapshot(graph) == before


async def test_of_several_processes_one_looks_at_the_trees(graph: Graph, limits: Limits, rng: Random) -> None:
    await plant(graph, *GROWN, limits=limits)
    done, _ = await at_once(
        tree_lifecycle.apply_limits(context_of(graph, limits, rng), holder=f"process {i}") for i in range(6)
    )
    assert Counter(done)[True] >= 1
    assert await tree_lifecycle.apply_limits(context_of(graph, limits, rng), holder="a late process")


async def test_a_process_goes_on_where_another_one_stopped(graph: Graph, limits: Limits, rng: Random) -> None:
    old = replace(limits, num_prompter_replies=2)
    planted = await plant(graph, {"One?": {"Yes.": {"Why?": {}}}}, {"Two?": {"No.": {"Who?": {}}}}, limits=old)
    first, second = sorted((planted["One?"], planted["Two?"]))
    now, fingerprint = datetime.now(UTC), tree_lifecycle.fingerprint(limits)
    claimed = await trees.claim_limits(graph, fingerprint=fingerprint, holder="gone", now=now, until=now)
    assert claimed.outcome is ClaimOutcome.CLAIMED
    await trees.record_limits(
        graph, fingerprint=fingerprint, holder="gone", after=first, until=now + timedelta(minutes=1)
    )
    assert not await tree_lifecycle.apply_limits(context_of(graph, limits, rng), holder="next")
    await graph.execute("MATCH (applied:AppliedLimits) SET applied.until = 0")
    assert await tree_lifecycle.apply_limits(context_of(graph, limits, rng), holder="next")
    rows = await graph.execute("MATCH (post:Post) WHERE post.pool = 'prompter_reply en 1' RETURN post.tree AS tree")
    assert [row["tree"] for row in rows] == [first]
    assert second != first


def test_each_limit_is_changed_here_or_has_nothing_to_do_with_trees() -> None:
    assert CHANGES["all"].keys() | NOTHING_TO_TREES == asdict(Limits()).keys()
