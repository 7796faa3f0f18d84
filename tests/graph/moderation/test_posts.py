"""Deleting, restoring and editing posts, halting trees, reacting: whatever is done, the rest of the graph fits it."""

from __future__ import annotations

from random import Random

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import EmojiCode, EmojiOp
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import CorruptRanking, PostNotFound, TextTooLong, TreeClosed, UserDisabled, UserNotFound
from oa_graph.graph import posts
from oa_graph.graph.session import Graph
from tests.builders import (
    ADA,
    BOB,
    CAT,
    DAN,
    EVE,
    Shape,
    Worker,
    at_once,
    plant,
    ranking_for,
    snapshot,
    state_of,
    text_for,
)
from tests.graph.moderation.moderator import EVA, Moderator
from tests.invariants import check

pytestmark = pytest.mark.anyio

RAIN: Shape = {"What is rain?": {"Water.": {"And snow?": {"Ice.": {}}}, "Weather.": {}, "A song.": {}}}
UP, DOWN, FLAG = EmojiCode.THUMBS_UP, EmojiCode.THUMBS_DOWN, EmojiCode.RED_FLAG


@pytest.fixture
def office(graph: Graph, limits: Limits, rng: Random) -> Moderator:
    return Moderator(graph, limits, rng)


async def live(graph: Graph) -> list[str]:
    rows = await graph.execute("MATCH (p:Post {deleted: false}) RETURN p.text AS text ORDER BY text")
    return [row["text"] for row in rows]


async def id_of(graph: Graph, name: str) -> str:
    (row,) = await graph.execute("MATCH (p:Post {text: $name}) RETURN p.id AS id", name=name)
    return str(row["id"])


async def ranks(graph: Graph) -> dict[str, int]:
    rows = await graph.execute("MATCH (p:Post) WHERE p.rank IS NOT NULL RETURN p.text AS text, p.rank AS rank")
    return {row["text"]: row["rank"] for row in rows}


async def ranked(graph: Graph, limits: Limits, rng: Random, *orders: tuple[str, ...]) -> None:
    """The three replies to one question, put into these orders by as many people, and scored."""
    for who, order in zip((ADA, BOB, CAT), orders, strict=True):
        worker = Worker(graph, limits, rng, who)
        task = await worker.ask(TaskKind.RANK_ASSISTANT_REPLIES)
        shown = [post.text for post in task.candidates]
        await worker.rank(task, tuple(shown.index(text) for text in order))


# Deleting and restoring


async def test_a_post_goes_with_all_below_it_and_comes_back_with_all_above_it(graph: Graph, office: Moderator) -> None:
    planted = await plant(graph, RAIN)
    await office.delete(planted["Water."])
    assert await live(graph) == ["A song.", "Weather.", "What is rain?"]
    await check(graph, office.limits)
    await office.undelete(planted["And snow?"])
    assert await live(graph) == ["A song.", "And snow?", "Water.", "Weather.", "What is rain?"]
    await check(graph, office.limits)


async def test_twice_is_once(graph: Graph, office: Moderator) -> None:
    planted = await plant(graph, RAIN, state=TreeState.RANKING)
    for act in (office.delete, office.undelete):
        await act(planted["Water."])
        before = await snapshot(graph)
        await act(planted["Water."])
        assert await snapshot(graph) == before


@pytest.mark.parametrize("act", ["delete", "undelete", "halt", "unhalt"])
async def test_what_is_not_there_is_told(office: Moderator, act: str) -> None:
    with pytest.raises(PostNotFound):
        await getattr(office, act)("no post")


async def test_who_is_not_there_is_told(office: Moderator) -> None:
    for act in (office.delete_of, office.anonymise, office.change):
        with pytest.raises(UserNotFound):
            await act("nobody")


async def test_ranks_close_over_a_deleted_reply_and_open_again(graph: Graph, office: Moderator, rng: Random) -> None:
    planted = await plant(graph, RAIN, state=TreeState.RANKING)
    order = ("Weather.", "Water.", "A song.")
    await ranked(graph, office.limits, rng, order, order, order)
    assert await state_of(graph, planted["Water."]) is TreeState.READY_FOR_EXPORT
    assert await ranks(graph) == {"Weather.": 0, "Water.": 1, "A song.": 2}
    await office.delete(planted["Water."])
    assert await ranks(graph) == {"Weather.": 0, "A song.": 1}
    await check(graph, office.limits)
    await office.undelete(planted["Water."])
    assert await ranks(graph) == {"Weather.": 0, "Water.": 1, "A song.": 2}
    await check(graph, office.limits)


async def test_ranks_of_an_import_close_and_open_too(graph: Graph, office: Moderator) -> None:
    planted = await plant(graph, RAIN, state=TreeState.READY_FOR_EXPORT)
    await graph.execute(
        """
        UNWIND range(0, 2) AS i MATCH (p:Post {text: ['Water.', 'A song.', 'Weather.'][i]})
        SET p.rank = i, p.position = i
        """
    )
    for text in ("Water.", "A song."):
        await office.delete(planted[text])
    assert await ranks(graph) == {"Weather.": 0}
    for text in ("Water.", "A song."):
        await office.undelete(planted[text])
    assert await ranks(graph) == {"Water.": 0, "A song.": 1, "Weather.": 2}
    await check(graph, office.limits)


@pytest.mark.parametrize(
    ("state", "back"),
    [
        (TreeState.INITIAL_PROMPT_REVIEW, TreeState.INITIAL_PROMPT_REVIEW),
        (TreeState.PROMPT_LOTTERY_WAITING, TreeState.PROMPT_LOTTERY_WAITING),
        (TreeState.GROWING, TreeState.GROWING),
    ],
)
async def test_a_tree_without_its_root_is_halted_and_goes_on_with_it(
    graph: Graph, rng: Random, state: TreeState, back: TreeState
) -> None:
    limits = Limits(max_active_trees=0)
    office = Moderator(graph, limits, rng)
    fresh = state is TreeState.INITIAL_PROMPT_REVIEW
    planted = await plant(graph, {f"{'?' * fresh}What is rain?": {}}, state=state, limits=limits)
    await office.delete(planted["What is rain?"])
    assert await state_of(graph, planted["What is rain?"]) is TreeState.HALTED_BY_MODERATOR
    await check(graph, limits)
    await office.undelete(planted["What is rain?"])
    assert await state_of(graph, planted["What is rain?"]) is back
    await check(graph, limits)


async def test_a_tree_that_a_moderator_halted_is_not_taken_up_by_restoring_its_root(
    graph: Graph, office: Moderator
) -> None:
    planted = await plant(graph, RAIN)
    await office.delete(planted["What is rain?"])
    await office.halt(planted["What is rain?"])
    await office.undelete(planted["What is rain?"])
    assert await state_of(graph, planted["What is rain?"]) is TreeState.HALTED_BY_MODERATOR
    assert (await office.unhalt(planted["What is rain?"])).state is TreeState.GROWING
    await check(graph, office.limits)


async def test_a_deleted_root_lets_another_prompt_grow(graph: Graph, rng: Random) -> None:
    limits = Limits(max_active_trees=1)
    planted = await plant(graph, RAIN, limits=limits)
    waiting = await plant(graph, {"And hail?": {}}, state=TreeState.PROMPT_LOTTERY_WAITING, limits=limits)
    await Moderator(graph, limits, rng).delete(planted["What is rain?"])
    assert await state_of(graph, waiting["And hail?"]) is TreeState.GROWING
    await check(graph, limits)


async def test_a_deletion_carries_on_a_tree_that_waited_for_the_deleted_post(graph: Graph, rng: Random) -> None:
    limits = Limits(goal_tree_size=3)
    planted = await plant(graph, {"What is rain?": {"Water.": {}, "Weather.": {}, "?Hm.": {}}}, limits=limits)
    await Moderator(graph, limits, rng).delete(planted["Hm."])
    assert await state_of(graph, planted["Hm."]) is TreeState.RANKING
    await check(graph, limits)


async def test_a_restored_reply_holds_its_authors_place_unless_he_replied_again(
    graph: Graph, office: Moderator, rng: Random
) -> None:
    await plant(graph, {"What is rain?": {}})
    ada = Worker(graph, office.limits, rng, ADA)
    written: list[str] = []
    for name in ("One.", "Two."):
        await ada.write(await ada.ask(TaskKind.ASSISTANT_REPLY), name)
        written.append(await id_of(graph, name))
        await office.delete(written[-1])
    await office.undelete(written[0])
    assert (await ada.available())["assistant_reply"] == 0
    await office.undelete(written[1])
    (row,) = await graph.execute("MATCH (p:Post) WHERE p.reply_key IS NOT NULL RETURN collect(p.text) AS texts")
    assert row["texts"] == ["One."]
    await check(graph, office.limits)


async def test_a_deleted_candidate_frees_the_places_of_those_who_were_ranking_it(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=1)
    planted = await plant(graph, RAIN, state=TreeState.RANKING, limits=limits)
    ada, bob = Worker(graph, limits, rng, ADA), Worker(graph, limits, rng, BOB)
    task = await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    await ada.ack(task)
    await Moderator(graph, limits, rng).delete(planted["A song."])
    assert len((await bob.ask(TaskKind.RANK_ASSISTANT_REPLIES)).candidates) == 2
    with pytest.raises(CorruptRanking):
        await ada.settle(ranking_for(task))
    await check(graph, limits)


async def test_an_answer_to_a_deleted_post_is_kept_with_it(graph: Graph, office: Moderator, rng: Random) -> None:
    planted = await plant(graph, RAIN)
    ada = Worker(graph, office.limits, rng, ADA)
    task = await ada.ask(TaskKind.PROMPTER_REPLY)
    above = task.thread[-1].id
    await office.delete(above)
    await ada.write(task, "Late.")
    assert "Late." not in await live(graph)
    await office.undelete(await id_of(graph, "Late."))
    assert "Late." in await live(graph)
    assert above in planted.ids.values()
    await check(graph, office.limits)


async def test_all_posts_of_a_user_go_at_once(graph: Graph, office: Moderator, rng: Random) -> None:
    await plant(graph, {"What is hail?": {"Hard.": {}}}, author=ADA)
    planted = await plant(graph, {"What is rain?": {"Water.": {}}})
    ada, bob = Worker(graph, office.limits, rng, ADA), Worker(graph, office.limits, rng, BOB)
    await graph.execute("MATCH (p:Post {text: 'Hard.'}) SET p.pool = null, p.wants = null, p.key = null")
    await bob.write(await bob.ask(TaskKind.ASSISTANT_REPLY), "Mine.")
    await office.delete_of((await ada.user()).id)
    assert [text for text in await live(graph) if text != "Mine."] == ["Water.", "What is rain?"]
    assert planted
    await check(graph, office.limits)


# Editing


async def test_every_version_of_a_post_is_kept_in_order(graph: Graph, office: Moderator) -> None:
    planted = await plant(graph, RAIN, author=ADA)
    id = planted["Water."]
    assert await posts.history(graph, id) == []
    for text in ("Wet.", "Wet.", "Water."):
        await office.edit(id, text)
    versions = await posts.history(graph, id)
    assert [version.text for version in versions] == ["Water.", "Wet.", "Water."]
    post = await posts.post(graph, id, viewer=None)
    eva = (await Worker(graph, office.limits, office.rng, EVA).user()).id
    assert (post.text, post.edited) == ("Water.", True)
    assert [version.editor for version in versions] == [post.author, eva, eva]
    assert versions[0].created == post.created
    await check(graph, office.limits)


async def test_edits_at_once_are_numbered_without_a_gap(graph: Graph, office: Moderator) -> None:
    planted = await plant(graph, RAIN)
    await at_once(office.edit(planted["Water."], f"Text {i}.") for i in range(12))
    assert [version.number for version in await posts.history(graph, planted["Water."])] == list(range(13))


async def test_an_edit_is_held_to_the_rules_of_texts(graph: Graph, office: Moderator, rng: Random) -> None:
    planted = await plant(graph, RAIN)
    with pytest.raises(TextTooLong):
        await office.edit(planted["Water."], "x" * (office.limits.message_size_limit + 1))
    with pytest.raises(PostNotFound):
        await office.edit("no post", "Text.")
    with pytest.raises(PostNotFound):
        await posts.history(graph, "no post")
    await Worker(graph, office.limits, rng, EVA).user(enabled=False)
    with pytest.raises(UserDisabled):
        await office.edit(planted["Water."], "Text.")


# Halting


@pytest.mark.parametrize("state", TreeState)
async def test_any_tree_can_be_halted(graph: Graph, office: Moderator, state: TreeState) -> None:
    planted = await plant(graph, {"What is rain?": {"Water.": {}}}, state=state)
    for _ in range(2):
        assert (await office.halt(planted["Water."])).state is TreeState.HALTED_BY_MODERATOR
    await check(graph, office.limits)


async def test_a_halted_tree_is_taken_up_where_it_was(graph: Graph, office: Moderator) -> None:
    planted = await plant(graph, RAIN)
    await office.halt(planted["Water."])
    for _ in range(2):
        assert (await office.unhalt(planted["Water."])).state is TreeState.GROWING
    await check(graph, office.limits)


async def test_a_tree_in_the_lottery_is_not_unhalted(graph: Graph, rng: Random) -> None:
    limits = Limits(max_active_trees=0)
    planted = await plant(graph, {"What is rain?": {}}, state=TreeState.PROMPT_LOTTERY_WAITING, limits=limits)
    tree = await Moderator(graph, limits, rng).unhalt(planted["What is rain?"])
    assert tree.state is TreeState.PROMPT_LOTTERY_WAITING


# Reactions


async def test_a_reaction_is_toggled_added_and_removed(graph: Graph, office: Moderator) -> None:
    planted = await plant(graph, RAIN, author=ADA)
    for op, emojis in [
        (EmojiOp.TOGGLE, {"clap": 1}),
        (EmojiOp.TOGGLE, {}),
        (EmojiOp.REMOVE, {}),
        (EmojiOp.ADD, {"clap": 1}),
        (EmojiOp.ADD, {"clap": 1}),
        (EmojiOp.REMOVE, {}),
    ]:
        post = await office.react(planted["Water."], EmojiCode.CLAP, op)
        assert post.emojis == emojis
        assert post.own_emojis == tuple(emojis)


async def test_yes_takes_the_place_of_no(graph: Graph, office: Moderator) -> None:
    planted = await plant(graph, RAIN, author=ADA)
    await office.react(planted["Water."], UP, who=BOB)
    assert (await office.react(planted["Water."], UP)).emojis == {"+1": 2}
    post = await office.react(planted["Water."], DOWN)
    assert (post.emojis, post.own_emojis) == ({"+1": 1, "-1": 1}, ("-1",))
    rows = await graph.execute(
        "MATCH (c:Credit) WITH coalesce(c.upvotes, 0) AS up, coalesce(c.downvotes, 0) AS down "
        "RETURN sum(up) AS up, sum(down) AS down"
    )
    assert rows == [{"up": 1, "down": 1}]


async def test_nobody_votes_for_himself(graph: Graph, office: Moderator) -> None:
    planted = await plant(graph, RAIN, author=ADA)
    assert (await office.react(planted["Water."], UP, who=ADA)).emojis == {}
    assert (await office.react(planted["Water."], EmojiCode.ROFL, who=ADA)).emojis == {"rofl": 1}
    assert (await graph.execute("MATCH (c:Credit) RETURN c.upvotes AS up")) == []


async def test_a_red_flag_calls_a_moderator_again_each_time_it_is_raised(graph: Graph, office: Moderator) -> None:
    planted = await plant(graph, RAIN)
    await office.react(planted["Water."], FLAG, EmojiOp.ADD)
    await posts.process_flag(graph, planted["Water."])
    await office.react(planted["Water."], FLAG, EmojiOp.ADD)
    rows = await graph.execute("MATCH (f:Flag) RETURN f.post AS post, f.processed AS processed")
    assert rows == [{"post": planted["Water."], "processed": True}]
    await office.react(planted["Water."], FLAG, EmojiOp.ADD, who=BOB)
    rows = await graph.execute("MATCH (f:Flag) RETURN f.post AS post, f.processed AS processed")
    assert rows == [{"post": planted["Water."], "processed": False}]


async def test_flags_and_skips_given_as_reactions_end_what_others_do(graph: Graph, rng: Random) -> None:
    limits = Limits(auto_mod_red_flags=2, auto_mod_max_skip_reply=2)
    office = Moderator(graph, limits, rng)
    planted = await plant(graph, RAIN, limits=limits)
    for _ in range(3):
        await office.react(planted["Water."], FLAG, EmojiOp.ADD)
        await office.react(planted["Weather."], EmojiCode.SKIP_REPLY, EmojiOp.ADD)
    assert "Water." in await live(graph)
    await office.react(planted["Water."], FLAG, EmojiOp.ADD, who=BOB)
    assert await live(graph) == ["A song.", "Weather.", "What is rain?"]
    await check(graph, limits)
    await office.react(planted["Weather."], EmojiCode.SKIP_REPLY, EmojiOp.ADD, who=BOB)
    assert await state_of(graph, planted["Weather."]) is TreeState.HALTED_BY_MODERATOR
    await check(graph, limits)


async def test_who_is_disabled_does_not_react(graph: Graph, office: Moderator, rng: Random) -> None:
    planted = await plant(graph, RAIN)
    await Worker(graph, office.limits, rng, EVA).user(enabled=False)
    with pytest.raises(UserDisabled):
        await office.react(planted["Water."], UP)
    with pytest.raises(PostNotFound):
        await office.react("no post", UP, EmojiOp.ADD, who=DAN)


async def test_the_same_reaction_at_once_is_one(graph: Graph, office: Moderator) -> None:
    planted = await plant(graph, RAIN)
    await Worker(graph, office.limits, office.rng, EVA).user()
    _, failed = await at_once(office.react(planted["Water."], UP, EmojiOp.ADD) for _ in range(16))
    assert failed == []
    assert (await posts.post(graph, planted["Water."], viewer=None)).emojis == {"+1": 1}


# At once


async def test_two_deletions_at_once_are_one(graph: Graph, office: Moderator) -> None:
    planted = await plant(graph, RAIN)
    _, failed = await at_once(office.delete(planted[text]) for text in ("Water.", "And snow?", "Ice.", "Water.") * 4)
    assert failed == []
    assert await live(graph) == ["A song.", "Weather.", "What is rain?"]
    await check(graph, office.limits)


async def test_a_deletion_and_answers_in_one_tree_do_not_disturb_each_other(
    graph: Graph, office: Moderator, rng: Random
) -> None:
    planted = await plant(graph, RAIN)
    crowd = [Worker(graph, office.limits, rng, who) for who in (ADA, BOB, CAT, DAN, EVE)]
    tasks = [await worker.ask() for worker in crowd[:3]]
    for worker, task in zip(crowd, tasks, strict=False):
        await worker.ack(task)
    _, failed = await at_once(
        [
            *(worker.settle(text_for(task)) for worker, task in zip(crowd, tasks, strict=False)),
            office.delete(planted["Water."]),
            office.undelete(planted["And snow?"]),
            office.delete(planted["What is rain?"]),
            office.undelete(planted["Weather."]),
        ]
    )
    assert {type(error) for error in failed} <= {TreeClosed}  # a text that comes after the root went
    (row,) = await graph.execute("MATCH (p:Post) RETURN count(p) AS posts")
    assert row["posts"] == len(planted.ids) + len(tasks) - len(failed)
    await check(graph, office.limits)
