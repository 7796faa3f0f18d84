"""Figures of users, boards and the whole: right soon after the work, and complete even where there is nothing."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.http.clients import shapes
from tests.http.clients.conventions import Answer, Raw, Refused, value
from tests.http.clients.growing import Tree, eventually, finished
from tests.http.clients.shapes import (
    AllCachedStats,
    CachedStats,
    Leaderboard,
    SystemStats,
    TreeManagerStats,
    Trollboard,
    UserScore,
    read,
)
from tests.http.clients.website import Visitor, Website

pytestmark = pytest.mark.anyio

FRAMES = ("day", "week", "month", "total")


@pytest.fixture
async def tree(ada: Visitor, bob: Visitor, cat: Visitor, dan: Visitor) -> Tree:
    """Ada's prompt, three replies of which bob's is the best; all reviews are full forms."""
    return await finished(ada, bob, cat, dan)


DUE = {
    "ada": {"prompts": 1, "accepted_prompts": 1, "labels_full": 3, "rankings_total": 1},
    "bob": {"replies_assistant": 1, "accepted_replies_assistant": 1, "labels_full": 1, "reply_ranked_1": 1},
    "cat": {"replies_assistant": 1, "accepted_replies_assistant": 1, "reply_ranked_2": 1},
    "dan": {"replies_assistant": 1, "accepted_replies_assistant": 1, "reply_ranked_3": 1},
}
COUNTERS = (
    "prompts", "replies_assistant", "replies_prompter", "labels_simple", "labels_full", "rankings_total",
    "rankings_good", "accepted_prompts", "accepted_replies_assistant", "accepted_replies_prompter", "reply_ranked_1",
    "reply_ranked_2", "reply_ranked_3",
)  # fmt: skip


def counters(score: UserScore) -> dict[str, int]:
    """Those that are not zero."""
    return {name: getattr(score, name) for name in COUNTERS if getattr(score, name)}


# One user


async def test_the_counters_of_a_user_are_soon_those_of_his_work(
    tree: Tree, ada: Visitor, bob: Visitor, cat: Visitor, dan: Visitor
) -> None:
    for visitor in (ada, bob, cat, dan):
        name, user_id = visitor.user["id"], await visitor.id()
        stats = await eventually(
            lambda user_id=user_id: ada.stats(user_id),
            lambda seen, name=name: "total" in seen and counters(seen["total"]) == DUE[name],
        )
        for frame in FRAMES:
            assert counters(stats[frame]) == DUE[name], (name, frame)
            score = stats[frame]
            assert (score.user_id, score.username, score.auth_method) == (user_id, name, "local")
            assert score.display_name == name.title()
            assert score.leader_score > 0
            assert 0 <= score.level <= 100
            one: UserScore = await ada.get(UserScore, f"/users/{user_id}/stats/{frame}")
            assert counters(one) == DUE[name]


async def test_a_user_without_work_has_zeros_in_every_frame(ada: Visitor) -> None:
    stats = await ada.stats(await ada.id())
    assert stats.keys() == set(FRAMES)
    for frame, score in stats.items():
        assert counters(score) == {}
        assert (score.leader_score, score.level, score.username) == (0, 0, "ada")
        assert await ada.get(UserScore, f"/users/{await ada.id()}/stats/{frame}")


async def test_an_unknown_user_has_an_empty_map(ada: Visitor) -> None:
    assert await ada.stats(str(uuid4())) == {}


async def test_a_frame_that_is_none_is_named(ada: Visitor) -> None:
    for path in (f"/users/{await ada.id()}/stats/year", "/leaderboards/year", "/trollboards/year"):
        with pytest.raises(Refused) as refused:
            await ada.call("GET", path)
        assert refused.value.status == 422


async def test_any_client_reads_the_figures_of_any_user(tree: Tree, ada: Visitor, stranger: Raw) -> None:
    assert read(dict[shapes.TimeFrame, UserScore], await stranger.call("GET", f"/users/{await ada.id()}/stats"))


# Boards


def ranked(board: Leaderboard, visitor: Visitor) -> UserScore | None:
    """The row of a visitor."""
    return next((row for row in board.leaderboard if row.username == visitor.user["id"]), None)


async def full_board(ada: Visitor, frame: str = "total") -> Leaderboard:
    """The board once all four are on it."""
    return await eventually(lambda: ada.leaderboard(frame), lambda seen: len(seen.leaderboard) == 4)


@pytest.mark.parametrize("frame", FRAMES)
async def test_a_board_has_everybody_by_score_and_marks_who_looks(
    tree: Tree, ada: Visitor, bob: Visitor, frame: str
) -> None:
    board = await full_board(ada, frame)
    assert board.time_frame == frame
    rows = board.leaderboard
    assert [row.rank for row in rows] == [1, 2, 3, 4]
    assert [row.leader_score for row in rows] == sorted((row.leader_score for row in rows), reverse=True)
    assert {row.username for row in rows if row.highlighted} == {"ada"}
    assert rows[0].username == "bob"
    seen = ranked(await bob.leaderboard(frame), bob)
    assert seen
    assert seen.highlighted is True


async def test_a_board_may_be_cut(tree: Tree, ada: Visitor) -> None:
    await full_board(ada)
    assert [row.rank for row in (await ada.leaderboard(max_count=2)).leaderboard] == [1, 2]
    for wrong in (0, 10001):
        with pytest.raises(Refused) as refused:
            await ada.leaderboard(max_count=wrong)
        assert refused.value.status == 422


async def test_nobody_is_marked_where_nobody_looks(tree: Tree, ada: Visitor, stranger: Raw) -> None:
    await full_board(ada)
    board: Leaderboard = read(Leaderboard, await stranger.call("GET", "/leaderboards/total"))
    assert [row.highlighted for row in board.leaderboard] == [False] * 4


async def test_a_board_of_nobody_is_complete(ada: Visitor) -> None:
    for frame in FRAMES:
        assert (await ada.leaderboard(frame)).leaderboard == []


@pytest.mark.parametrize("frame", FRAMES)
async def test_the_window_is_the_board_around_the_user(tree: Tree, ada: Visitor, frame: str) -> None:
    board = await full_board(ada, frame)
    for row in board.leaderboard:
        window = await ada.window(row.user_id, frame, window_size=2)
        assert window
        assert window.time_frame == frame
        ranks = [neighbour.rank for neighbour in window.leaderboard if neighbour.rank is not None]
        assert row.rank in ranks
        assert ranks == list(range(ranks[0], ranks[-1] + 1))
        assert 2 <= len(ranks) <= 3
    for wrong in (0, 101):
        with pytest.raises(Refused) as refused:
            await ada.window(await ada.id(), frame, window_size=wrong)
        assert refused.value.status == 422


async def test_the_window_of_who_has_no_rank_is_null(tree: Tree, ada: Visitor, bob: Visitor, website: Website) -> None:
    newcomer = website.visitor("eve")
    await newcomer.sign_in()
    assert await newcomer.window(await newcomer.id()) is None
    await full_board(ada)
    user_id = await bob.id()
    await ada.change_user(user_id, "show_on_leaderboard=false")
    assert await eventually(lambda: ada.window(user_id), lambda seen: seen is None) is None
    board = await eventually(ada.leaderboard, lambda seen: not ranked(seen, bob))
    assert [row.rank for row in board.leaderboard] == [1, 2, 3]
    await ada.change_user(user_id, "show_on_leaderboard=true")
    assert await eventually(lambda: ada.window(user_id), bool)
    await ada.change_user(user_id, "enabled=false")
    assert await eventually(lambda: ada.window(user_id), lambda seen: seen is None) is None


async def test_boards_are_refreshed_on_demand(tree: Tree, ada: Visitor) -> None:
    await ada.call("POST", "/leaderboards/update", status=204)
    for frame in FRAMES:
        await ada.call("POST", f"/leaderboards/update/{frame}", status=204)
        assert len((await ada.leaderboard(frame)).leaderboard) == 4


@pytest.mark.parametrize("frame", FRAMES)
async def test_the_troll_board_counts_what_others_hold_against_somebody(
    tree: Tree, ada: Visitor, bob: Visitor, cat: Visitor, frame: str
) -> None:
    await ada.react(tree.replies[2], "-1")
    await bob.react(tree.replies[2], "red_flag")
    await cat.react(tree.replies[1], "+1")
    await bob.react(tree.replies[1], "+1")
    await ada.call("POST", f"/leaderboards/update/{frame}", status=204)

    async def look() -> Trollboard:
        return await ada.get(Trollboard, f"/trollboards/{frame}")

    board = await eventually(
        look, lambda seen: any((row.red_flags, row.downvotes) == (1, 1) for row in seen.trollboard)
    )
    assert board.time_frame == frame
    worst = board.trollboard[0]
    assert (worst.username, worst.rank, worst.red_flags, worst.downvotes) == ("dan", 1, 1, 1)
    assert [row.troll_score for row in board.trollboard] == sorted(
        (row.troll_score for row in board.trollboard), reverse=True
    )
    for query, names in (({"max_count": 1}, ["dan"]), ({"enabled": "false"}, [])):
        cut: Trollboard = await ada.get(Trollboard, f"/trollboards/{frame}", query)
        assert [row.username for row in cut.trollboard] == names, query


# The whole


async def test_the_whole_is_counted(tree: Tree, ada: Visitor) -> None:
    async def look() -> SystemStats:
        return await ada.get(SystemStats, "/stats/")

    stats = await eventually(look, lambda seen: seen.all == 4)
    assert (stats.all, stats.active, stats.deleted, stats.message_trees) == (4, 4, 0, 1)
    assert stats.active_by_lang == {"en": 4}
    await ada.delete(tree.replies[2])
    stats = await eventually(look, lambda seen: seen.deleted == 1)
    assert (stats.all, stats.active, stats.deleted) == (4, 3, 1)


async def test_the_trees_are_counted_by_state(tree: Tree, ada: Visitor, bob: Visitor) -> None:
    await bob.work("initial_prompt")
    states: dict[shapes.State, int] = await ada.get(dict[shapes.State, int], "/stats/tree_manager/state_counts")
    assert {state: count for state, count in states.items() if count} == {
        "ready_for_export": 1,
        "initial_prompt_review": 1,
    }
    active: list[shapes.TreeCount] = await ada.get(list[shapes.TreeCount], "/stats/tree_manager/message_counts")
    assert [(tree_count.state, tree_count.depth) for tree_count in active] == [("initial_prompt_review", 0)]
    every: list[shapes.TreeCount] = await ada.get(
        list[shapes.TreeCount], "/stats/tree_manager/message_counts", {"only_active": "no"}
    )
    (done,) = [tree_count for tree_count in every if tree_count.message_tree_id == tree.root]
    assert (done.state, done.depth, done.count, done.goal_tree_size) == ("ready_for_export", 1, 4, 4)
    assert done.oldest < done.youngest
    both: TreeManagerStats = await ada.get(TreeManagerStats, "/stats/tree_manager")
    assert {state: count for state, count in both.state_counts.items() if count} == {
        state: count for state, count in states.items() if count
    }


async def test_cached_figures_have_their_shapes(tree: Tree, ada: Visitor, stranger: Raw) -> None:
    await ada.accept_terms()
    await ada.call("POST", "/stats/cached/update", status=204)
    cached: AllCachedStats = read(AllCachedStats, await stranger.call("GET", "/stats/cached"))
    assert cached.stats_by_name.keys() == shapes.CACHED.keys()
    for name, shape in shapes.CACHED.items():
        one: CachedStats = read(CachedStats, await stranger.call("GET", f"/stats/cached/{name}"))
        assert (one.name, cached.stats_by_name[name].name) == (name, name)
        assert read(shape, one.stats) == read(shape, cached.stats_by_name[name].stats)

    def stats(name: str) -> object:
        return cached.stats_by_name[name].stats

    assert stats("human_messages_by_lang") == {"en": 4}
    assert stats("human_messages_by_role") == {"prompter": 1, "assistant": 3}
    assert stats("message_trees_by_state") == {"ready_for_export": 1}
    assert stats("message_trees_states_by_lang") == [{"lang": "en", "state": "ready_for_export", "count": 1}]
    assert stats("users_accepted_tos") == {"count": 1}


async def test_a_cached_figure_that_was_never_counted_is_told_by_its_code(raw: Raw) -> None:
    """A service may count before anybody asks; a name that is none is always refused."""
    got = Answer.of(await raw.http.get("/stats/cached/users_accepted_tos"))
    if got.status == 200:
        assert read(CachedStats, value(got))
    else:
        assert await raw.refused("GET", "/stats/cached/users_accepted_tos") == (400, 6000)
    assert (await raw.refused("GET", "/stats/cached/shoe_sizes"))[0] in (400, 422)
