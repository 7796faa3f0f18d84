"""The format alone: what is taken, what is refused, and that nothing is lost between."""

from __future__ import annotations

import copy
import json
import re
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oa_graph.datasets import oasst
from oa_graph.domain.posts import DEPTH_CAP
from oa_graph.domain.trees import TreeState
from tests.graph.datasets.files import FULL, Json, reply, tree


def parse(line: Json | bytes, state: TreeState | None = None) -> oasst.DatasetTree:
    return oasst.parse(line if isinstance(line, bytes) else json.dumps(line).encode(), state=state, origin="a file")


def again(line: Json) -> Json:
    return json.loads(oasst.render(parse(line)))


def test_what_was_parsed_is_rendered_byte_for_byte() -> None:
    line = json.dumps(FULL).encode()
    rendered = oasst.render(parse(line))
    assert json.loads(rendered) == FULL
    assert list(json.loads(rendered)) == ["message_tree_id", "tree_state", "prompt", "origin", "set"]


def test_posts_stand_before_their_replies_with_their_depth() -> None:
    posts = parse(FULL).posts
    assert [(post.id, post.depth, post.parent) for post in posts[:3]] == [
        ("root-1", 0, None),
        ("best", 1, "root-1"),
        ("thanks", 2, "best"),
    ]


def test_a_message_without_a_word_on_reviews_is_accepted_and_one_without_a_result_is_not() -> None:
    bare = tree("r", reply("r", "open", review_result=None), review_count=None, review_result=None)
    assert [post.accepted for post in parse(bare).posts] == [True, None]


def test_columns_of_names_are_taken_as_maps() -> None:
    columns = tree(
        "r",
        emojis={"name": ["+1", "-1"], "count": [2, 1]},
        labels={"name": ["spam", "quality"], "value": [0.0, 0.5], "count": [3, 2]},
    )
    prompt = again(columns)["prompt"]
    assert prompt["emojis"] == {"+1": 2, "-1": 1}
    assert prompt["labels"] == {"spam": {"value": 0.0, "count": 3}, "quality": {"value": 0.5, "count": 2}}


@pytest.mark.parametrize("fields", [{}, {"unknown": 1}], ids=["usual", "with a field that needs a closer look"])
def test_languages_are_normalized(fields: Json) -> None:
    parsed_tree = parse(tree("r", reply("r", "s", lang="zh_hant", **fields), lang="EN", **fields))
    assert [post.lang for post in parsed_tree.posts] == ["en", "zh-Hant"]


def test_nulls_are_left_out() -> None:
    assert again(tree("r", rank=None, user_id=None, unknown=None)) == tree("r")


def test_a_tree_without_a_state_is_ready_for_export_and_has_none_again() -> None:
    bare = tree("r", state=None)
    assert parse(bare).state is TreeState.READY_FOR_EXPORT
    assert again(bare) == bare


def test_an_unknown_state_is_taken_only_where_another_stands_for_it() -> None:
    odd = tree("r", state="resting")
    with pytest.raises(ValueError, match="tree_state is resting; it has to be one of initial_prompt_review, "):
        parse(odd)
    assert parse(odd, TreeState.RANKING).state is TreeState.RANKING


def test_a_given_state_overrides_the_file() -> None:
    assert parse(tree("r"), TreeState.RANKING).state is TreeState.RANKING


def test_a_deleted_message_may_have_lost_its_text() -> None:
    assert again(_broken(text="", deleted=True)) == _broken(text="", deleted=True)


def test_trees_as_deep_as_any_may_be_go_through() -> None:
    def chain(depth: int) -> bytes:
        heads = "".join(
            f'{{"message_id": "{level}", "text": "A", "role": "{role}", "replies": ['
            for level, role in zip(range(depth + 1), cycle(["prompter", "assistant"]), strict=False)
        )
        return f'{{"message_tree_id": "0", "prompt": {heads}{"]}" * (depth + 1)}}}'.encode()

    deepest = chain(DEPTH_CAP)
    assert oasst.render(parse(deepest)) == deepest
    with pytest.raises(ValueError, match="is deeper than 1000"):
        parse(chain(DEPTH_CAP + 1))
    with pytest.raises(ValueError, match="nested deeper than 1000"):
        parse(chain(30 * DEPTH_CAP))


def _broken(**changes: Any) -> Json:
    line = copy.deepcopy(tree("r", reply("r", "s")))
    line["prompt"]["replies"][0].update(changes)
    return line


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"message_tree_id": ', "not JSON: Expecting value at character 21"),
        (b"[1]", "not a JSON object"),
        (b'{"message_tree_id": "\xff"}', "not UTF-8: invalid start byte at byte 22"),
        (b'{"message_tree_id": "a\x00"}', "not JSON: Invalid control character at character 23"),
        (tree("r", text="a\0b"), "a text with a null character"),
        (_broken(text="\ud800"), "a text with half a character: '\\ud800'"),
        (_broken(more=float("nan")), "not JSON: NaN"),
        ({"message_id": "r", "text": "A", "role": "prompter"}, "a file of trees"),
        ({"message_tree_id": "r"}, "prompt: Field required"),
        ({**tree("r"), "message_tree_id": "q"}, "message_tree_id is q, but the prompt is message r"),
        (_broken(role="prompter"), "message s has the role prompter; the role has to be assistant"),
        (_broken(role="judge"), "message s: role: Input should be 'prompter' or 'assistant'"),
        (_broken(parent_id="q"), "message s stands under r, but its parent_id is q"),
        (tree("r", parent_id="q"), "message r stands under None, but its parent_id is q"),
        (_broken(message_id="r"), "message r occurs twice in the tree"),
        (_broken(message_id=""), "message_id: String should have at least 1 character"),
        (_broken(text=None), "message s: text: Input should be a valid string"),
        (_broken(text=" "), "message s has an empty text, and is not deleted"),
        (_broken(text="", detoxify={"x": 1}, more=1), "message s has an empty text, and is not deleted"),
        (_broken(rank=True), "message s: rank: Input should be a valid integer"),
        (_broken(rank=-1), "message s: rank: "),
        (_broken(review_count=2**63), "message s: review_count: "),
        (_broken(created_date="yesterday"), "message s: created_date 'yesterday' is not an ISO time"),
        (_broken(created_date="0001-01-01T00:00:00+14:00"), "is not an ISO time"),
        (_broken(lang="not a tag"), "'not a tag' is not a language tag"),
        (_broken(lang="English"), "'English' is not a language tag (a BCP 47 tag, such as en or pt-BR)"),
        (_broken(emojis={"+1": -1}), "message s: emojis"),
        (_broken(emojis={"name": [["+1"]], "count": [1]}), "message s: emojis"),
        (_broken(labels={"name": ["spam"], "value": [], "count": [1]}), "message s: labels"),
        (_broken(labels={"spam_count": {"value": 0, "count": 1}}), "cannot be the name of a label"),
        (_broken(labels={"spam": {"value": 0, "count": 1, "sum": 0}}), "message s: labels.spam.sum"),
        (
            _broken(labels={"spam": {"value": 1.5, "count": 1}}),
            "message s: labels.spam.value: Input should be less than or equal to 1",
        ),
        (
            _broken(labels={"spam": {"value": -1, "count": 1}}),
            "message s: labels.spam.value: Input should be greater than or equal to 0",
        ),
        (_broken(detoxify={"toxicity": "high"}), "message s: detoxify.toxicity"),
        (_broken(replies=[3]), "message s: replies.0"),
    ],
)
def test_a_bad_line_says_what_is_wrong(line: Json | bytes, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        parse(line)


_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
_counts = st.integers(0, 2**31 - 1)
_numbers = st.floats(allow_nan=False, allow_infinity=False)
_names = st.from_regex(r"[a-z_]{1,8}", fullmatch=True).filter(lambda name: not name.endswith("_count"))
_label = st.fixed_dictionaries({"count": _counts}, optional={"value": st.floats(0, 1)})
_optional_fields = {
    "user_id": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=64),
    "created_date": st.datetimes().map(lambda moment: f"{moment.isoformat()}+00:00"),
    "lang": st.sampled_from(["en", "pt-BR", "zh"]),
    "review_count": _counts,
    "review_result": st.booleans(),
    "deleted": st.booleans(),
    "rank": _counts,
    "synthetic": st.booleans(),
    "model_name": _texts,
    "ended": st.booleans(),
    "emojis": st.dictionaries(_texts, st.integers(0, 5), max_size=3),
    "labels": st.dictionaries(_names, _label, max_size=3),
    "detoxify": st.dictionaries(_names, _numbers, max_size=3),
    "events": st.dictionaries(_texts, st.lists(_texts), max_size=2),
    "x": st.booleans() | _texts | _counts,
}


@st.composite
def _messages(draw: st.DrawFn, depth: int = 0, prefix: str = "m") -> Json:
    role = "prompter" if depth % 2 == 0 else "assistant"
    fields: Json = {"message_id": prefix, "text": draw(_texts.filter(str.strip)), "role": role}
    fields |= draw(st.fixed_dictionaries({}, optional=_optional_fields))
    if depth and draw(st.booleans()):
        fields["parent_id"] = prefix[:-1]
    if depth == 3 or draw(st.booleans()):
        return fields
    size = draw(st.integers(0, 3))
    return fields | {"replies": [draw(_messages(depth + 1, prefix + "abc"[place])) for place in range(size)]}


@settings(deadline=None)  # a busy machine is no failure
@given(_messages())
def test_the_quick_way_takes_a_message_as_the_thorough_one_does(message: Json) -> None:
    quick = oasst._usual_post(message, None, 0)  # pyright: ignore[reportPrivateUsage]
    shape = oasst._validated(oasst._Message, message, "")  # pyright: ignore[reportPrivateUsage]
    assert quick in (None, oasst._post(shape, None, 0))  # pyright: ignore[reportPrivateUsage]


def test_the_quick_way_takes_the_published_messages() -> None:
    labels = {"name": ["spam"], "value": [0.5], "count": [3]}
    published = tree("r", emojis={"name": ["+1"], "count": [2]}, labels=labels)["prompt"]
    assert oasst._usual_post(published, None, 0) is not None  # pyright: ignore[reportPrivateUsage]


@settings(deadline=None)
@given(_messages())
def test_nothing_that_a_file_says_is_lost(prompt: Json) -> None:
    line = {"message_tree_id": "m", "tree_state": "ready_for_export", "prompt": prompt}
    assert again(line) == line
