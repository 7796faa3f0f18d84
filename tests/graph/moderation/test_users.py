"""Banning, hiding and ending accounts: places are given back, prompts leave the lottery and come back."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import NothingToHandOut, UserDisabled
from oa_graph.graph import users
from oa_graph.graph.session import Graph
from tests.builders import ADA, BOB, CAT, CLIENT, Worker, at_once, plant, questions, snapshot, state_of
from tests.graph.moderation.moderator import Moderator
from tests.invariants import check

pytestmark = pytest.mark.anyio

LIMITS = Limits(max_children_count=1, max_tree_depth=1, max_active_trees=0, max_initial_prompt_review=1)


@pytest.fixture
def limits() -> Limits:
    return LIMITS


@pytest.fixture
def office(graph: Graph, limits: Limits, rng: Random) -> Moderator:
    return Moderator(graph, limits, rng)


async def banish(office: Moderator, user: str, how: str) -> None:
    if how == "ban":
        await office.change(user, enabled=False)
    else:
        await office.anonymise(user)


@pytest.mark.parametrize("how", ["ban", "delete"])
async def test_the_places_of_who_goes_are_free_at_once(graph: Graph, office: Moderator, rng: Random, how: str) -> None:
    await plant(graph, {"What is rain?": {}}, limits=office.limits)
    ada, bob = Worker(graph, office.limits, rng, ADA), Worker(graph, office.limits, rng, BOB)
    for kind in (TaskKind.ASSISTANT_REPLY, TaskKind.INITIAL_PROMPT):
        await ada.ask(kind)
        with pytest.raises(NothingToHandOut):
            await bob.ask(kind)
    await banish(office, (await ada.user()).id, how)
    await check(graph, office.limits)
    for kind in (TaskKind.ASSISTANT_REPLY, TaskKind.INITIAL_PROMPT):
        await bob.ask(kind)
    await check(graph, office.limits)


@pytest.mark.parametrize("how", ["ban", "delete"])
async def test_the_prompts_of_who_goes_leave_the_lottery(graph: Graph, office: Moderator, how: str) -> None:
    planted = await plant(
        graph, *questions(2), state=TreeState.PROMPT_LOTTERY_WAITING, limits=office.limits, author=ADA
    )
    growing = await plant(graph, {"What is snow?": {}}, limits=office.limits, author=ADA)
    ada = (await Worker(graph, office.limits, office.rng, ADA).user()).id
    await banish(office, ada, how)
    for id in planted.ids.values():
        assert await state_of(graph, id) is TreeState.HALTED_BY_MODERATOR
    assert await state_of(graph, growing["What is snow?"]) is TreeState.GROWING
    await check(graph, office.limits)


async def test_the_prompts_of_who_comes_back_wait_again_but_for_those_that_a_moderator_halted(
    graph: Graph, office: Moderator
) -> None:
    planted = await plant(
        graph, *questions(3), state=TreeState.PROMPT_LOTTERY_WAITING, limits=office.limits, author=ADA
    )
    ada = (await Worker(graph, office.limits, office.rng, ADA).user()).id
    first, second, third = planted.ids.values()
    await office.halt(first)
    await office.change(ada, enabled=False)
    await office.halt(second)
    await office.change(ada, enabled=True)
    assert await state_of(graph, first) is TreeState.HALTED_BY_MODERATOR
    assert await state_of(graph, second) is TreeState.HALTED_BY_MODERATOR
    assert await state_of(graph, third) is TreeState.PROMPT_LOTTERY_WAITING
    await check(graph, office.limits)


async def test_a_prompt_that_is_accepted_after_its_author_went_does_not_wait(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_initial_prompt=1, max_active_trees=0)
    planted = await plant(
        graph, {"?What is rain?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW, limits=limits, author=ADA
    )
    office, ada = Moderator(graph, limits, rng), Worker(graph, limits, rng, ADA)
    id = (await ada.user()).id
    await office.change(id, enabled=False)
    await Worker(graph, limits, rng, BOB).review(TaskKind.LABEL_INITIAL_PROMPT)
    assert await state_of(graph, planted["What is rain?"]) is TreeState.HALTED_BY_MODERATOR
    await check(graph, limits)
    await office.change(id, enabled=True)
    assert await state_of(graph, planted["What is rain?"]) is TreeState.PROMPT_LOTTERY_WAITING
    await check(graph, limits)


async def test_only_what_is_sent_changes(graph: Graph, office: Moderator) -> None:
    before = await Worker(graph, office.limits, office.rng, ADA).user(notes="An old one.")
    after = await office.change(before.id, display_name="Countess", show_on_leaderboard=False)
    assert (after.display_name, after.show_on_leaderboard) == ("Countess", False)
    assert (after.notes, after.enabled, after.name) == ("An old one.", True, "ada")


async def test_who_is_hidden_leaves_the_leaderboard_with_the_same_action(graph: Graph, office: Moderator) -> None:
    ada = await Worker(graph, office.limits, office.rng, ADA).user()
    await graph.execute("CREATE (:Credit {user: $id, at: 0, labels_full: 1})", id=ada.id)
    for shown in (True, False, True):
        await office.change(ada.id, show_on_leaderboard=shown)
        (row,) = await graph.execute("MATCH (score:Score {frame: 'total'}) RETURN score.board AS board")
        assert row["board"] == ("total" if shown else None)


async def test_an_account_that_ended_has_no_names_and_its_name_is_free(graph: Graph, office: Moderator) -> None:
    worker = Worker(graph, office.limits, office.rng, ADA)
    planted = await plant(graph, {"What is rain?": {}}, limits=office.limits, author=ADA)
    old = await worker.user()
    await office.anonymise(old.id)
    before = await snapshot(graph)
    await office.anonymise(old.id)
    assert await snapshot(graph) == before
    (row,) = await graph.execute("MATCH (u:User {id: $id}) RETURN u {.*} AS user", id=old.id)
    gone = row["user"]
    assert gone["name"].startswith("deleted_")
    assert (gone["display_name"], gone["deleted"], gone["enabled"]) == ("Deleted User", True, True)
    assert gone["show_on_leaderboard"] is False
    assert await users.find(graph, client=CLIENT.id, method="local", name="ada") is None
    assert (await worker.user()).id != old.id
    (row,) = await graph.execute("MATCH (p:Post {id: $id}) RETURN p.author AS author", id=planted["What is rain?"])
    assert row["author"] == old.id
    await check(graph, office.limits)


@pytest.mark.parametrize("attempt", range(4))
async def test_whoever_is_banned_while_he_asks_holds_nothing_afterwards(
    graph: Graph, rng: Random, attempt: int
) -> None:
    limits = Limits(max_pending_tasks_per_user=50)
    await plant(graph, *questions(20), limits=limits)
    office = Moderator(graph, limits, rng)
    ada = Worker(graph, limits, rng, ADA)
    user = await ada.user()
    _, failed = await at_once(
        [
            *(ada.ask(TaskKind.ASSISTANT_REPLY) for _ in range(10)),
            office.change(user.id, enabled=False),
            *(ada.ask(TaskKind.INITIAL_PROMPT) for _ in range(5)),
        ]
    )
    assert {type(error) for error in failed} <= {UserDisabled, NothingToHandOut}
    (row,) = await graph.execute("MATCH (:Task)-[lease:LEASES]->() RETURN count(lease) AS leases")
    assert row["leases"] == 0
    await check(graph, limits)


async def test_bans_and_reviews_of_a_prompt_at_once_agree_on_its_tree(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_initial_prompt=1, max_active_trees=0)
    office, ada = Moderator(graph, limits, rng), Worker(graph, limits, rng, ADA)
    await plant(graph, *questions(6, undecided=True), state=TreeState.INITIAL_PROMPT_REVIEW, limits=limits, author=ADA)
    user = (await ada.user()).id
    crowd = [Worker(graph, limits, rng, who) for who in (BOB, CAT)]

    async def review(worker: Worker) -> None:
        for _ in range(3):
            await worker.review(TaskKind.LABEL_INITIAL_PROMPT)

    await asyncio.gather(*(review(worker) for worker in crowd), office.change(user, enabled=False))
    await check(graph, limits)
    await office.change(user, enabled=True)
    await check(graph, limits)
    rows = await graph.execute("MATCH (t:Tree) RETURN DISTINCT t.state AS state")
    assert rows == [{"state": "prompt_lottery_waiting"}]
