"""What files may hold beside whole trees: how it is recognised, and what it becomes."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyarrow has no types.

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from oa_graph.datasets import (
    Defaults,
    ImportCounts,
    ImportFormat,
    ImportOptions,
    Reject,
    check_file,
    import_trees,
    messages,
    oasst,
)
from oa_graph.datasets.import_formats import UNQUOTED, recognize
from oa_graph.datasets.rows import TreeRecord, open_rows
from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import Role
from oa_graph.domain.trees import TreeState
from oa_graph.errors import InvalidFile
from oa_graph.graph.datasets import DatasetTree
from oa_graph.graph.session import Graph
from tests.graph.datasets.files import FULL, REAL, Json, lines, parsed, reply, taken, tree

pytestmark = pytest.mark.anyio

_no_real_file = pytest.mark.skipif(not REAL.exists(), reason=f"the reference trees are not at {REAL}")


def flattened(line: Json) -> Iterator[Json]:
    """The messages of a tree as the published files have them, the root first."""
    waiting = [line["prompt"]]
    while waiting:
        message = waiting.pop()
        waiting.extend({"parent_id": message["message_id"], **child} for child in reversed(message.get("replies", ())))
        outer = {"message_tree_id": line["message_tree_id"], "tree_state": line.get("tree_state")}
        yield {**{name: value for name, value in message.items() if name != "replies"}, **outer}


def in_columns(message: Json) -> Json:
    """Emojis and labels as the published files have them."""
    emojis, labels = message.get("emojis"), message.get("labels")
    return {
        **message,
        "emojis": None if emojis is None else {"name": list(emojis), "count": list(emojis.values())},
        "labels": None
        if labels is None
        else {
            "name": list(labels),
            "value": [label["value"] for label in labels.values()],
            "count": [label["count"] for label in labels.values()],
        },
    }


RICH = tree(
    "r",
    reply("r", "a", rank=0, emojis={"+1": 2}, labels={"spam": {"value": 0.25, "count": 2}}, user_id="u"),
    reply("r", "b", rank=1, detoxify={"toxicity": 0.5}, replies=[reply("b", "c", role="prompter")]),
    created_date="2023-02-05T14:23:50.983374+00:00",
)


def chat(*texts: str, **fields: Any) -> Json:
    roles = ("user", "assistant")
    turns = [{"role": roles[place % 2], "content": text} for place, text in enumerate(texts)]
    return {"messages": turns, **fields}


def sharegpt(*texts: str) -> Json:
    roles = ("human", "gpt")
    return {"conversations": [{"from": roles[place % 2], "value": text} for place, text in enumerate(texts)]}


def found_in(source: Path | bytes, wish: ImportOptions | None = None) -> tuple[list[DatasetTree], list[Reject]]:
    """What a file holds, without a graph."""
    from oa_graph.datasets import importer

    refused: list[Reject] = []
    trees: list[DatasetTree] = []
    wish = wish or ImportOptions()
    with importer.open_source(source if isinstance(source, Path) else BytesIO(source), wish) as file:
        for record in file.records:
            if isinstance(record, TreeRecord):
                trees.append(record.tree)
            else:
                refused.append(record)
    return trees, refused


def only(source: bytes, wish: ImportOptions | None = None) -> DatasetTree:
    (tree,), refused = found_in(source, wish)
    assert refused == []
    return tree


def reasons(source: bytes, wish: ImportOptions | None = None) -> list[tuple[int, str]]:
    return [(reject.line, reject.reason.value) for reject in found_in(source, wish)[1]]


def texts(dataset_tree: DatasetTree) -> list[tuple[Role, str]]:
    return [(post.role, post.text) for post in dataset_tree.posts]


# Recognising


@pytest.mark.parametrize(
    ("content", "format"),
    [
        (lines(tree("r")), ImportFormat.TREES),
        (lines(*flattened(RICH)), ImportFormat.MESSAGES),
        (lines(chat("Hi", "Hello")), ImportFormat.CHATS),
        (lines({"prompt": [{"role": "user", "content": "Hi"}]}), ImportFormat.CHATS),
        (lines(sharegpt("Hi", "Hello")), ImportFormat.SHAREGPT),
        (json.dumps([sharegpt("Hi"), sharegpt("Ho")], indent=1).encode(), ImportFormat.SHAREGPT),
        (lines({"instruction": "Name a prime.", "input": ""}), ImportFormat.PROMPTS),
        ("\ufeffWhat is rain?\n".encode(), ImportFormat.PROMPTS),
        (b"{broken\n\n" + lines(chat("Hi")), ImportFormat.CHATS),
        (b"", ImportFormat.TREES),
    ],
)
def test_a_format_is_recognised_by_its_first_good_line(content: bytes, format: ImportFormat) -> None:
    with open_rows(BytesIO(content)) as rows:
        recognized, whole = recognize(rows)
        assert recognized is format
        assert (
            len(list(whole.rows)) == len([line for line in content.splitlines() if line])
            or format is ImportFormat.SHAREGPT
        )


@pytest.mark.parametrize("content", [b"{broken\n", b'{"a": 1}\n', b"[1, 2]\n"])
def test_what_nothing_tells_of_has_to_be_said(content: bytes) -> None:
    with pytest.raises(InvalidFile, match="the format cannot be detected"):
        check_file(BytesIO(content), on_reject=lambda _: None)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lines(chat("Hi")).decode().encode("utf-16"), "line 1: the file is UTF-16, by its first bytes; UTF-8 is expec"),
        ("Hi\n".encode("utf-16-be"), "the file is UTF-16BE, by its first bytes"),
        ("Hi\n".encode("utf-16-le"), "the file is UTF-16LE, by its first bytes"),
        ("Hi\n".encode("utf-32"), "the file is UTF-32, by its first bytes"),
        (gzip.compress("Hi\n".encode("utf-16")), "the file is UTF-16"),
        ("\nFür wen?\n".encode("latin-1"), "line 2: not UTF-8: invalid start byte at byte 2; UTF-8 is expected, and"),
        ('[{"text": "Für wen?"}]'.encode("latin-1"), "UTF-8 is expected, and this may be Latin-1 or Windows-1252"),
    ],
)
def test_another_encoding_is_named(content: bytes, why: str) -> None:
    with pytest.raises(InvalidFile, match=why):
        check_file(BytesIO(content), on_reject=lambda _: None)


# Messages


def same(one: DatasetTree, other: DatasetTree) -> bool:
    return oasst.render(one) == oasst.render(other)


@_no_real_file
def test_flat_messages_are_the_trees_that_they_were() -> None:
    trees = parsed(REAL.read_bytes())
    whole, _ = found_in(REAL)
    flat = [message for tree in trees for message in flattened(tree)]
    for messages_ in (flat, [in_columns(message) for message in flat]):
        imported, refused = found_in(lines(*messages_))
        assert refused == []
        assert all(same(one, other) for one, other in zip(imported, whole, strict=True))


def test_scattered_messages_find_each_other() -> None:
    rows = [*flattened(RICH), *flattened(tree("q", reply("q", "d")))]
    expected, _ = found_in(lines(RICH, tree("q", reply("q", "d"))))
    for seed in range(5):
        shuffled = Random(seed).sample(rows, len(rows))
        shuffled.sort(
            key=lambda message: message["message_id"] == "b"
        )  # ranks keep the order of siblings; keep the file's
        imported, refused = found_in(lines(*shuffled))
        assert refused == []
        ids = {tree.id: {post.id: post.parent for post in tree.posts} for tree in imported}
        assert ids == {tree.id: {post.id: post.parent for post in tree.posts} for tree in expected}


def test_messages_that_are_too_far_apart_are_named_one_by_one() -> None:
    far = [*flattened(tree("q", *(reply("q", f"d{i}") for i in range(8))))]
    rows = [*list(flattened(RICH))[:2], *far, *list(flattened(RICH))[2:]]
    with open_rows(BytesIO(lines(*rows))) as source:
        records = list(messages.trees_of(source.rows, state=None, origin=None, window=9))
    trees = {record.tree.id: len(record.tree.posts) for record in records if isinstance(record, TreeRecord)}
    late = [(record.line, record.reason.value, record.why) for record in records if isinstance(record, Reject)]
    assert trees == {"r": 2, "q": 9}
    assert [line for line, _, _ in late] == [12, 13]
    assert all("sort that by message_tree_id" in why for _, _, why in late)


def test_memory_for_messages_does_not_grow_with_the_file() -> None:
    def peak(trees: int) -> int:
        rows = (
            message for i in range(trees) for message in flattened(tree(f"t{i}", reply(f"t{i}", f"r{i}", "x" * 500)))
        )
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        records = messages.trees_of(
            ((line, lines(row)) for line, row in enumerate(rows, 1)), state=None, origin=None, window=300
        )
        assert sum(isinstance(record, TreeRecord) for record in records) == trees
        return tracemalloc.get_traced_memory()[1] - before

    tracemalloc.start()
    try:
        peak(200)
        assert peak(3000) < 1.2 * peak(600)
    finally:
        tracemalloc.stop()


def test_messages_that_name_no_tree_follow_their_parents() -> None:
    rows = [
        {name: value for name, value in message.items() if name != "message_tree_id"} for message in flattened(RICH)
    ]
    assert same(only(lines(*rows)), only(lines(RICH)))


def test_a_bad_message_takes_only_those_below_it_along() -> None:
    rows = list(flattened(RICH))
    rows[2]["lang"] = "not a tag"
    content = lines(*rows, rows[1], {"message_id": 3})
    (imported,), refused = found_in(content)
    assert [post.imported_id for post in imported.posts] == ["r", "a"]
    assert sorted((reject.line, reject.reason.value) for reject in refused) == [
        (3, "unknown_language"),
        (4, "wrong_thread"),
        (5, "wrong_thread"),
        (6, "wrong_shape"),
    ]


def test_a_tree_of_messages_with_a_wrong_state_is_refused_line_by_line() -> None:
    rows = [{**message, "tree_state": 3} for message in flattened(RICH)]
    assert reasons(lines(*rows)) == [(line, "wrong_shape") for line in range(1, 5)]


# Tables


def as_table(rows: list[Json], to: Path) -> None:
    pq.write_table(table_of(rows), to, row_group_size=100)


def table_of(rows: list[Json]) -> Any:
    names = dict.fromkeys(name for row in rows for name in row)  # the first row may lack some
    return pa.table({name: [row.get(name) for row in rows] for name in names})


@_no_real_file
def test_messages_in_a_table_are_the_trees_that_they_were(tmp_path: Path) -> None:
    flat = [in_columns(message) for line in parsed(REAL.read_bytes()) for message in flattened(line)]
    as_table(flat, tmp_path / "messages.parquet")
    whole, _ = found_in(REAL)
    imported, refused = found_in(tmp_path / "messages.parquet")
    assert refused == []
    assert all(same(one, other) for one, other in zip(imported, whole, strict=True))


def test_a_table_may_keep_times_maps_and_numbers_in_its_own_way(tmp_path: Path) -> None:
    rows = [in_columns(message) for message in flattened(RICH)]
    table = table_of(rows)
    for name, values in {
        "created_date": pa.array(["2023-02-05T14:23:50.983374", *[None] * 3]).cast(pa.timestamp("us")),
        "rank": pa.array([float("nan"), 0.0, 1.0, float("nan")]),
        "emojis": pa.array([None, [("+1", 2)], None, None], pa.map_(pa.string(), pa.int32())),
        "labels": pa.array([None, [{"name": "spam", "value": 0.25, "count": 2}], None, None]),
    }.items():
        table = table.set_column(table.column_names.index(name) if name in table.column_names else 0, name, values)
    pq.write_table(table, tmp_path / "odd.parquet")
    (imported,), refused = found_in(tmp_path / "odd.parquet", ImportOptions(defaults=Defaults(origin="stream")))
    assert refused == []
    assert same(imported, only(lines(RICH)))


def test_conversations_and_trees_may_stand_in_tables(tmp_path: Path) -> None:
    as_table([chat("Hi", "Hello"), chat("Ho", "Hello", "Bye")], tmp_path / "chats.parquet")
    assert [len(tree.posts) for tree in found_in(tmp_path / "chats.parquet")[0]] == [2, 3]
    assert [len(tree.posts) for tree in found_in((tmp_path / "chats.parquet").read_bytes())[0]] == [2, 3]


def test_a_text_of_a_table_is_looked_at_as_any_other(tmp_path: Path) -> None:
    as_table([chat("Hi"), chat("a\0b")], tmp_path / "chats.parquet")
    as_table([*flattened(tree("r", reply("r", "s", text="a\0b")))], tmp_path / "messages.parquet")
    for name in ("chats", "messages"):
        _, (refused,) = found_in(tmp_path / f"{name}.parquet")
        assert (refused.line, refused.reason.value) == (2, "bad_text")


def test_a_table_out_of_a_pipe_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    as_table([chat("Hi")], tmp_path / "chats.parquet")
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO((tmp_path / "chats.parquet").read_bytes())))  # pyright: ignore[reportArgumentType]
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(InvalidFile, match="not from a stream"):
        check_file(Path("-"))


def test_a_torn_table_is_an_invalid_file(tmp_path: Path) -> None:
    as_table([chat("Hi")], tmp_path / "chats.parquet")
    torn = (tmp_path / "chats.parquet").read_bytes()[:-30]
    with pytest.raises(InvalidFile, match="the Parquet file is broken"):
        check_file(BytesIO(torn), on_reject=lambda _: None)


# Packing


def test_packing_is_seen_by_content(tmp_path: Path) -> None:
    plain = lines(RICH)
    two_frames = zstandard.compress(plain) + zstandard.compress(lines(tree("q")))
    assert [tree.imported_id for tree in found_in(two_frames)[0]] == ["r", "q"]
    assert same(only(gzip.compress(plain)), only(plain))
    with pytest.raises(InvalidFile, match="the zstd file is broken"):
        check_file(BytesIO(b"\x28\xb5\x2f\xfd" + plain))


# Conversations


def test_a_conversation_is_a_branch() -> None:
    imported = only(lines(chat(" Hi ", "Hello", "Bye")))
    assert texts(imported) == [(Role.PROMPTER, "Hi"), (Role.ASSISTANT, "Hello"), (Role.PROMPTER, "Bye")]
    assert [post.parent for post in imported.posts] == [None, *(post.id for post in imported.posts[:2])]
    assert imported.state is TreeState.READY_FOR_EXPORT
    assert imported.id == imported.posts[0].id


def test_the_same_words_have_the_same_ids_whatever_the_form() -> None:
    one, other = only(lines(chat("Hi", "Hello"))), only(lines(sharegpt("Hi", "Hello")))
    parts = {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, chat("Hi", "Hello")["messages"][1]]
    }
    trl = {"prompt": chat("Hi")["messages"], "completion": [{"role": "assistant", "content": "Hello"}]}
    plain = {"prompt": "Hi", "completion": "Hello"}
    for imported_tree in (other, only(lines(parts)), only(lines(trl)), only(lines(plain))):
        assert [post.id for post in imported_tree.posts] == [post.id for post in one.posts]
    assert only(b"Hi\n").id == only(lines({"text": "Hi"})).id == one.id


def test_a_system_message_is_kept_with_the_tree_and_makes_another_one() -> None:
    conversation = chat("Hi", "Hello")
    imported = only(lines({"messages": [{"role": "system", "content": "Be brief."}, *conversation["messages"]]}))
    assert texts(imported) == texts(only(lines(conversation)))
    assert only(lines({**sharegpt("Hi", "Hello"), "system": "Be brief."})).posts == imported.posts
    assert (
        only(lines({"messages": [{"role": "system", "content": ""}, *conversation["messages"]]})).id
        == only(lines(conversation)).id
    )
    assert imported.id != only(lines(conversation)).id
    assert json.loads(oasst.render(imported))["system"] == "Be brief."


def test_what_a_conversation_says_beside_its_texts_is_kept() -> None:
    conversation = chat("Hi", "Hello", id="c1", lang="de", model="some-model", score=3)
    conversation["messages"][0]["name"] = "ada"
    imported = only(lines(conversation))
    first, last = (json.loads(post.extra or "{}") for post in imported.posts)
    assert first == {"message": {"name": "ada"}}
    assert last == {"chat": {"id": "c1", "score": 3}}
    assert [(post.lang, post.synthetic, post.model_name) for post in imported.posts] == [
        ("de", False, None),
        ("de", True, "some-model"),
    ]


def test_the_language_of_a_conversation_is_normalized() -> None:
    imported, _ = found_in(lines(chat("Oi", lang="pt_br")))
    assert [post.lang for post in imported[0].posts] == ["pt-BR"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (chat(), "wrong_shape"),
        (chat("Hi", " "), "empty_text"),
        ({"messages": [{"role": "user", "content": None}]}, "empty_text"),
        ({"messages": [{"role": "assistant", "content": "Hello"}]}, "wrong_role"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]}, "wrong_role"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}]}, "wrong_role"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]}, "wrong_role"),
        ({"messages": [{"role": "system", "content": "b"}]}, "wrong_shape"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "wrong_shape"),
        ({"messages": ["Hi"]}, "wrong_shape"),
        ({"messages": [{"content": "Hi"}]}, "wrong_shape"),
        ({"messages": "Hi"}, "wrong_shape"),
        (chat("Hi", lang="no language"), "unknown_language"),
        (chat("Hi", lang="English"), "unknown_language"),
        (chat("a\0b"), "bad_text"),
        (chat("a\ud800"), "bad_text"),
        (b"{broken", "not_json"),
        (b'{"messages": "\xff"}', "not_utf8"),
        (chat(*("a" for _ in range(1002))), "too_deep"),
    ],
)
def test_a_bad_conversation_says_what_is_wrong(line: Json | bytes, reason: str) -> None:
    content = lines(chat("Good")) + (lines(line) if isinstance(line, dict) else line + b"\n") + lines(chat("Good too"))
    assert reasons(content) == [(2, reason)]
    assert len(found_in(content)[0]) == 2


def test_a_line_that_is_too_long_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oa_graph.datasets.files.MAX_LINE_BYTES", 200)
    content = lines(chat("a"), chat("b" * 1000), chat("c"))
    imported, (refused,) = found_in(content)
    assert [tree.posts[0].text for tree in imported] == ["a", "c"]
    assert (refused.line, refused.content, refused.why) == (2, None, "longer than 200 bytes")


def test_a_text_may_be_bounded() -> None:
    assert reasons(lines(chat("Hi", "12345"), chat("123456")), ImportOptions(max_text=5)) == [(2, "text_too_long")]


def test_elements_of_an_array_are_numbered_and_may_be_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oa_graph.datasets.rows._CHUNK", 7)
    big = [sharegpt("Hi, ü", "Hello" * 50), 7, sharegpt("x"), {"conversations": []}]
    content = json.dumps(big, indent=2, ensure_ascii=False).encode()
    imported, refused = found_in(content)
    assert [tree.posts[0].text for tree in imported] == ["Hi, ü", "x"]
    assert [(reject.line, reject.reason.value) for reject in refused] == [(2, "wrong_shape"), (4, "wrong_shape")]
    with pytest.raises(InvalidFile, match="element 4 is not JSON"):
        found_in(content[:-10])


# Prompts


def test_prompts_stand_one_a_line() -> None:
    imported, refused = found_in(b"What is rain?\n\n  Wie geht's? \n", ImportOptions(defaults=Defaults(lang="de")))
    assert [(tree.posts[0].text, tree.posts[0].lang, tree.state.value) for tree in imported] == [
        ("What is rain?", "de", "prompt_lottery_waiting"),
        ("Wie geht's?", "de", "prompt_lottery_waiting"),
    ]
    assert refused == []
    assert reasons(b"Good\n\xff\n{not json\n", ImportOptions(format=ImportFormat.PROMPTS)) == [
        (2, "not_utf8"),
        (3, "not_json"),
    ]


def test_json_strings_are_prompts_and_are_told_of() -> None:
    content = b'"Say \\"hi\\"."\nWhat is rain?\n"So," he said.\n""\n"a\\u0000b"\n'
    imported, refused = found_in(content)
    assert [tree.posts[0].text for tree in imported] == ['Say "hi".', "What is rain?", '"So," he said.']
    assert [(refusal.line, refusal.reason.value) for refusal in refused] == [(4, "empty_text"), (5, "bad_text")]
    counts = check_file(BytesIO(content), on_reject=lambda _: None)
    assert (counts.format, counts.notes) == ("prompts", {UNQUOTED: 1})


def test_prompts_may_be_fields() -> None:
    content = lines(
        {"prompt": "One?", "source": "me"},
        {"text": "Two?"},
        {"instruction": "Translate.", "input": "Three"},
        {"other": 1},
    )
    imported, refused = found_in(content)
    assert [tree.posts[0].text for tree in imported] == ["One?", "Two?", "Translate.\n\nThree"]
    assert imported[0].posts[0].extra == '{"chat": {"source": "me"}}'
    assert [reject.line for reject in refused] == [4]


# Defaults


def test_defaults_fill_only_what_is_not_said() -> None:
    defaults = Defaults(lang="fr", model_name="m", origin="o")
    bare = {"message_id": "r", "text": "Q", "role": "prompter"}
    answers = [
        {"message_id": "a", "text": "A", "role": "assistant"},
        {"message_id": "b", "text": "B", "role": "assistant", "synthetic": False, "lang": "en"},
    ]
    imported = only(
        lines({"message_tree_id": "r", "prompt": {**bare, "replies": answers}}), ImportOptions(defaults=defaults)
    )
    assert [(post.lang, post.synthetic, post.model_name) for post in imported.posts] == [
        ("fr", False, None),
        ("fr", True, "m"),
        ("fr", False, None),
    ]
    assert [post.imported_lang for post in imported.posts] == [None, None, "en"]
    assert imported.origin == "o"
    human = only(lines(chat("Q", "A")), ImportOptions(defaults=Defaults(synthetic=False)))
    model = only(lines(chat("Q", "A")), ImportOptions(defaults=Defaults(synthetic=True)))
    assert [post.synthetic for post in human.posts] == [False, False]
    assert [post.synthetic for post in model.posts] == [False, True]


def test_a_look_counts_and_stops_where_it_is_told() -> None:
    refused: list[Reject] = []
    content = lines(chat("a", "b"), chat(), chat("c"), chat("d"))
    counts = check_file(BytesIO(content), options=ImportOptions(limit=2), on_reject=refused.append)
    assert counts == ImportCounts(trees=2, posts=3, rejected={"wrong_shape": 1})
    assert [reject.content for reject in refused] == [lines(chat())]


# Through the graph


async def test_every_field_of_flat_messages_comes_back(graph: Graph, limits: Limits) -> None:
    await import_trees(graph, BytesIO(lines(*map(in_columns, flattened(RICH)))), limits=limits)
    assert await taken(graph) == await _through(graph, lines(RICH))


async def _through(graph: Graph, content: bytes) -> bytes:
    await graph.execute("MATCH (n) WHERE NOT n:Schema DETACH DELETE n")
    await import_trees(graph, BytesIO(content), limits=Limits())
    return await taken(graph)


@_no_real_file
async def test_real_messages_come_out_as_the_trees_that_they_were(graph: Graph, limits: Limits, tmp_path: Path) -> None:
    flat = [in_columns(message) for line in parsed(REAL.read_bytes()) for message in flattened(line)]
    as_table(flat, tmp_path / "messages.parquet")
    assert await import_trees(graph, tmp_path / "messages.parquet", limits=limits) == ImportCounts(
        trees=100, posts=1167
    )
    assert await taken(graph) == REAL.read_bytes()
    assert await import_trees(graph, BytesIO(lines(*flat)), limits=limits) == ImportCounts(skipped=100)


def test_the_file_of_every_field_has_no_table_form() -> None:
    """Its messages are taken flat all the same."""
    assert len(only(lines(*flattened(FULL))).posts) == 7
