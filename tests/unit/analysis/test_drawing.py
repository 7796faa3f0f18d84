"""Where the posts of a drawn tree stand, and that nothing in their texts breaks the picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.analysis.drawing import (
    EDGE,
    GAP,
    WIDTH,
    InPage,
    Layout,
    best_thread,
    in_order,
    is_right_to_left,
    layout,
    legible,
    svg,
    wrapped,
)
from oa_graph.domain.posts import Post, Role

THEN = datetime(2026, 1, 1, tzinfo=UTC)
NAMESPACE = "{http://www.w3.org/2000/svg}"

HOSTILE = (
    '<script>alert("1")</script> & </text> <!-- ]]> -->',
    "quotes ' \" and &amp; &#0;",
    "\x00\x01\x1b[31mred\x7f\x9b \ufffe\uffff \ud800",
    "\u202eturned around\u202c",
    "ما هو المطر؟ 🌧️ الماء",
    "👨‍👩‍👧‍👦" * 40,
    "e" + "\u0301" * 300,
    "雨は水滴が落ちてくる現象です。" * 9,
    "W" * 5000,
    "\n\n \t",
    "",
)


def post(
    id: str,
    parent: str | None,
    *,
    text: str = "Some words of a post.",
    rank: int | None = None,
    accepted: bool | None = True,
    deleted: bool = False,
    depth: int = 0,
    margin: int | None = None,
) -> Post:
    role = Role.ASSISTANT if depth % 2 else Role.PROMPTER
    return Post(
        id=id,
        tree="0",
        role=role,
        text=text,
        lang="en",
        depth=depth,
        created=THEN + timedelta(seconds=len(id)),
        parent=parent,
        rank=rank,
        accepted=accepted,
        deleted=deleted,
        margin=margin,
    )


# Made once: a strategy that is made in each draw costs more than the draw.
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=200)
RANKS, MARGINS = st.none() | st.integers(0, 4), st.none() | st.integers(0, 3)
ACCEPTED = st.sampled_from([True, False, None])


@st.composite
def trees(draw: st.DrawFn) -> list[Post]:
    """Any tree, in any order, with any marks and any texts."""
    parents = [draw(st.integers(0, i)) for i in range(draw(st.integers(0, 24)))]
    depths = [0]
    for parent in parents:
        depths.append(depths[parent] + 1)
    boxes_found = [
        post(
            str(i),
            None if i == 0 else str(parents[i - 1]),
            text=draw(TEXTS),
            rank=draw(RANKS),
            accepted=draw(ACCEPTED),
            deleted=draw(st.booleans()),
            depth=depths[i],
            margin=draw(MARGINS),
        )
        for i in range(len(depths))
    ]
    return draw(st.permutations(boxes_found))


@given(trees())
def test_every_post_has_its_box_and_boxes_stand_clear_of_each_other(posts: list[Post]) -> None:
    placed = layout(posts)
    assert sorted(box.post.id for box in placed.boxes) == sorted(post.id for post in posts)
    levels: dict[float, list[tuple[float, float]]] = {}
    for box in placed.boxes:
        levels.setdefault(box.y, []).append((box.x, box.x + box.width))
        assert box.x >= EDGE
        assert box.x + box.width <= placed.width
        assert EDGE <= box.y < box.foot <= placed.height
    for row in levels.values():
        assert all(after - before >= GAP - 0.1 for (_, before), (after, _) in pairwise(sorted(row)))
    feet = {y: max(box.foot for box in placed.boxes if box.y == y) for y in levels}
    assert all(feet[upper] < lower for upper, lower in pairwise(sorted(levels)))


@given(trees())
def test_replies_stand_below_what_they_answer_in_the_order_of_their_ranks(posts: list[Post]) -> None:
    placed = layout(posts)
    boxes = {box.post.id: box for box in placed.boxes}
    for parent, replies in in_order(posts).items():
        row = [boxes[reply.id] for reply in replies]
        assert all(left.x < right.x for left, right in pairwise(row))
        ranks = [reply.rank for reply in replies if reply.rank is not None]
        assert ranks == sorted(ranks)
        assert [reply.rank for reply in replies[: len(ranks)]] == ranks
        if parent is not None:
            assert all(box.y > boxes[parent].foot for box in row)
            assert boxes[parent].middle == pytest.approx((row[0].middle + row[-1].middle) / 2, abs=0.1)


@given(trees())
def test_the_same_posts_give_the_same_picture_whatever_their_order(posts: list[Post]) -> None:
    assert svg(posts) == svg(sorted(posts, key=lambda post: post.id))


@given(trees())
def test_a_picture_is_well_formed_whatever_is_in_the_texts(posts: list[Post]) -> None:
    root = ElementTree.fromstring(svg(posts).encode())
    assert root.tag == f"{NAMESPACE}svg"
    assert {element.tag.removeprefix(NAMESPACE) for element in root.iter()} <= {
        *("svg", "title", "desc", "style", "rect", "path", "g", "text", "tspan", "circle")
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_a_text(text: str) -> None:
    drawn = svg([post("0", None, text=text)], name='x" onload="alert(1)')
    root = ElementTree.fromstring(drawn.encode())
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]
    assert "<script" not in drawn
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", drawn)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_drawing_in_a_page_is_one_of_links_without_styles(text: str) -> None:
    page = InPage(link=lambda post: f'/trees/x?post={post.id}&"', selected="1", text=str.upper)
    root = ElementTree.fromstring(svg([post("0", None, text=text), post("1", "0", text="a")], page=page).encode())
    links = root.findall(f"{NAMESPACE}a")
    assert [(link.get("href"), link.get("aria-current")) for link in links] == [
        ('/trees/x?post=0&"', None),
        ('/trees/x?post=1&"', "true"),
    ]
    assert not [element for element in root.iter() if element.tag == f"{NAMESPACE}style" or "style" in element.attrib]
    assert "PROMPTER" in "".join(root.itertext())


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("lines", [1, 3])
def test_a_text_is_cut_to_its_lines(text: str, lines: int) -> None:
    text_lines = wrapped(text, 150, lines)
    assert len(text_lines) <= lines
    kept = "".join(text_lines).replace("…", "").replace(" ", "")
    assert "".join(legible(text).split()).startswith(kept)


def test_what_belongs_together_is_not_torn() -> None:
    family = "👨‍👩‍👧‍👦"
    for line in wrapped(family * 30, 150, 9):
        assert line.replace("…", "").replace(family, "") == ""


def test_a_right_to_left_text_stands_on_the_right() -> None:
    assert is_right_to_left("1. ما هو المطر؟")
    assert not is_right_to_left("What is ما?")
    assert not is_right_to_left("…")
    (box,) = layout([post("0", None, text="שלום")]).boxes
    drawn = svg([post("0", None, text="שלום")])
    assert f'x="{box.x + box.width - 12:.0f}"' in drawn
    assert 'direction="rtl"' in drawn


def test_the_best_thread_follows_ranks_through_what_stands() -> None:
    posts = [
        post("r", None),
        post("gone", "r", rank=0, deleted=True),
        post("bad", "r", rank=1, accepted=False),
        post("good", "r", rank=2),
        post("worse", "r", rank=3),
        post("only", "good"),
        post("a", "only"),
        post("b", "only"),
    ]
    assert [post.id for post in best_thread(posts)] == ["r", "good", "only"]  # nobody ranked a and b
    assert best_thread([]) == []


def test_a_picture_says_ranks_margins_and_what_does_not_stand() -> None:
    drawn = svg(
        [
            post("r", None, margin=2),
            post("a", "r", rank=0, depth=1),
            post("b", "r", rank=1, depth=1, deleted=True),
            post("c", "r", depth=1, accepted=False),
            post("d", "r", depth=1, accepted=None),
        ]
    )
    texts = ["".join(element.itertext()) for element in ElementTree.fromstring(drawn).iter(f"{NAMESPACE}text")]
    assert {"1", "2", "margin 2 voters", "assistant · deleted", "assistant · rejected"} <= set(texts)
    assert "assistant · under review" in texts
    assert drawn.count('stroke-dasharray="6 4"') == 3


def test_no_posts_make_an_empty_picture() -> None:
    assert layout([]) == Layout((), EDGE, 2 * EDGE)
    ElementTree.fromstring(svg([]))


def test_a_long_conversation_and_a_wide_one_are_drawn() -> None:
    chain = [post(str(i), str(i - 1) if i else None, depth=i) for i in range(600)]
    assert len({box.x for box in layout(chain).boxes}) == 1
    fan = [post("r", None), *(post(str(i), "r", rank=i) for i in range(300))]
    assert layout(fan).width == pytest.approx(300 * (WIDTH + GAP) - GAP + 2 * EDGE)


def test_posts_whose_parents_are_left_out_stand_on_top() -> None:
    assert _tops([post("a", "gone"), post("b", "a"), post("c", "c")]) == {"a", "c"}


def _tops(posts: Sequence[Post]) -> set[str]:
    return {box.post.id for box in layout(posts).boxes if box.y == EDGE}
