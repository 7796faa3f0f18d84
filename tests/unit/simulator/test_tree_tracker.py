from __future__ import annotations

import io

import httpx
import pytest
from rich.console import Console

from oa_graph.client import AsyncClient, Tree
from oa_graph.simulator import display
from oa_graph.simulator.recorder import Recorder
from oa_graph.simulator.run import Contribution, Run
from oa_graph.simulator.simulate import Progress
from oa_graph.simulator.tree_tracker import READY, TreeTracker, best_thread
from tests.unit.simulator.scripted import Fields, Scripted, tree_post


def plant(*posts: Fields) -> Tree:
    return Tree.model_validate({"id": "root", "messages": [tree_post("root", None), *posts]})


def ids(tree: Tree) -> list[str | None]:
    return [post.id for post in best_thread(tree)]


def printed(thing: object) -> str:
    out = io.StringIO()
    Console(file=out, width=100).print(thing)
    return out.getvalue()


def test_the_best_thread_follows_the_ranks() -> None:
    tree = plant(
        tree_post("b", "root", rank=1),
        tree_post("a", "root", rank=0),
        tree_post("a1", "a"),
        tree_post("a12", "a1", rank=1),
        tree_post("a11", "a1", rank=0),
    )
    assert ids(tree) == ["root", "a", "a1", "a11"]


def test_ranked_replies_come_before_unranked_ones() -> None:
    assert ids(plant(tree_post("a", "root"), tree_post("b", "root", rank=2))) == ["root", "b"]


@pytest.mark.parametrize("flaw", [{"review_result": False}, {"review_result": None}, {"deleted": True}])
def test_only_live_accepted_replies_are_followed(flaw: Fields) -> None:
    assert ids(plant(tree_post("a", "root", rank=0, **flaw))) == ["root"]


def test_a_tree_is_drawn_best_first_and_brackets_stay() -> None:
    tree = plant(tree_post("b", "root", rank=1, text="second [bold]x"), tree_post("a", "root", rank=0))
    drawn = printed(display.branches(tree))
    assert drawn.index("text of a") < drawn.index("second [bold]x")


def test_a_tree_as_deep_as_any_can_be_walked() -> None:
    chain = [tree_post(f"p{depth}", f"p{depth - 1}" if depth else "root") for depth in range(1000)]
    assert len(best_thread(plant(*chain))) == 1001


@pytest.mark.parametrize(("text", "short"), [("a\n b", "a b"), ("abcdef", "abcd…"), ("abcde", "abcde"), ("", "")])
def test_long_texts_are_cut(text: str, short: str) -> None:
    assert display.shorten(text, 5) == short


PROGRESS = Progress(
    seconds=12.4,
    finished={"assistant_reply": 3},
    speed=1.5,
    latest=(Contribution("Ada 1", "assistant_reply", "[red]مرحبا"),),
    unexpected=2,
)


def test_a_line_tells_the_states_in_the_order_of_the_way() -> None:
    line = display.line(PROGRESS, {READY: 1, "growing": 4})
    assert line == "12 s · 3 tasks · 1.5 a second · growing 4 · ready_for_export 1 · 2 unexpected"


def test_the_picture_shows_all_states_even_unheard_of_ones() -> None:
    shown = printed(display.picture(PROGRESS, {"growing": 4, "hibernating": 1}, 5))
    assert "hibernating" in shown
    assert "0 of 5 trees are ready" in shown
    assert "[red]" in shown


def test_without_a_terminal_lines_come_now_and_then() -> None:
    out = io.StringIO()
    with display.Screen(Console(file=out, width=40), states=lambda: {"growing": 4}) as screen:
        for _ in range(3):
            screen.show(PROGRESS)
    assert out.getvalue().count("growing 4") == 1


def test_on_a_terminal_the_picture_is_live() -> None:
    out = io.StringIO()
    with display.Screen(Console(file=out, width=100, force_terminal=True), goal=5) as screen:
        screen.show(PROGRESS)
    assert "0 of 5 trees are ready" in out.getvalue()


@pytest.mark.anyio
async def test_final_trees_are_not_asked_about_again(scripted: Scripted) -> None:
    asked: list[str] = []

    def state(of: str, name: str) -> None:
        def tell(_: Fields) -> httpx.Response:
            asked.append(of)
            facts = {"goal_tree_size": 5, "max_depth": 3, "max_children_count": 3, "active": False}
            return httpx.Response(200, json={"message_tree_id": of, "state": name, **facts})

        scripted.replies[f"/{of}/tree/state"] = tell

    state("old", READY)
    state("young", "growing")
    async with AsyncClient("http://server", "key", transport=scripted.transport) as client:
        forest = TreeTracker(Run(client, Recorder(), ("en",), pace=1.0, lease=1.0))
        forest.run.touched_trees |= {"old", "young"}
        await forest.update(everywhere=False)
        await forest.update(everywhere=False)
        await forest.update(everywhere=True)
    assert sorted(asked) == ["old", "young", "young"]
    assert forest.ready() == ["old"]
    assert forest.counts() == {READY: 1, "growing": 1}


@pytest.mark.anyio
async def test_a_tree_that_cannot_be_asked_about_is_asked_again(scripted: Scripted) -> None:
    async with AsyncClient("http://server", "key", transport=scripted.transport) as client:
        forest = TreeTracker(Run(client, Recorder(), ("en",), pace=1.0, lease=1.0), {"t": "growing"})
        await forest.update(everywhere=True)
    assert forest.run.touched_trees == {"t"}
    assert forest.states == {"t": "growing"}
