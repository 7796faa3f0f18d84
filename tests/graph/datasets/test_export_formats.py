"""Each format of an export: what is in it, that two exports are the same bytes, and that readers read it back."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
import zstandard

from oa_graph.datasets import (
    EXPORT_FORMATS,
    Choices,
    Compression,
    Distrusted,
    Export,
    ExportResult,
    Filters,
    PostStatus,
    Pseudonymizer,
    export,
    import_trees,
    keyed,
    seeded,
)
from oa_graph.datasets.counts import ExcludedTrees
from oa_graph.datasets.export import split_of
from oa_graph.domain.limits import Limits
from oa_graph.domain.trees import TreeState
from oa_graph.errors import CannotExport
from oa_graph.graph.session import Graph
from tests.graph.datasets.files import FULL, REAL, Json, bring, parsed, reply, tree

pytestmark = pytest.mark.anyio

ALL = Filters(states=None)

RAIN = tree(
    "r",
    reply("r", "best", "Water.", rank=0, replies=[
        reply("best", "why", "Why?", role="prompter", replies=[reply("why", "because", "Clouds.")]),
        reply("best", "thanks", "Thanks.", role="prompter"),
    ]),
    reply("r", "fair", "Wet.", rank=1, user_id="bob"),
    reply("r", "poor", "Sun.", rank=2, user_id="eve"),
    text="What is rain?",
    user_id="ada",
)  # fmt: skip


async def records(graph: Graph, form: str, filters: Filters = ALL, **options: Any) -> list[Json]:
    to = BytesIO()
    choices = options.pop("choices", Choices(bare=True))
    await export(graph, to, Export(format=form, filters=filters, choices=choices, **options))
    return parsed(to.getvalue())


def user(text: str) -> Json:
    return {"role": "user", "content": text}


def assistant(text: str) -> Json:
    return {"role": "assistant", "content": text}


async def rank(graph: Graph, parent: str, *orders: tuple[str, ...], maker: str = "voter") -> None:
    """People rank the replies to a post, best first."""
    await graph.execute(
        """
        MATCH (parent:Post) WHERE $parent IN [parent.id, parent.imported_id] UNWIND range(0, size($orders) - 1) AS i
        CREATE (ranking:Ranking {id: $maker + toString(i), maker: $maker + toString(i), not_rankable: false,
          order: range(0, size($orders[i]) - 1), key: $maker + toString(i), created: datetime()})-[:UNDER]->(parent)
        WITH ranking, i UNWIND range(0, size($orders[i]) - 1) AS place
        MATCH (reply:Post) WHERE $orders[i][place] IN [reply.id, reply.imported_id]
        CREATE (ranking)-[:RANKED {position: place}]->(reply)
        MERGE (:User {id: ranking.maker})
        """,
        parent=parent,
        orders=[list(order) for order in orders],
        maker=maker,
    )


# What is in them


async def test_a_conversation_ends_with_each_last_assistant_post(graph: Graph) -> None:
    await bring(graph, RAIN)
    first = [user("What is rain?"), assistant("Water."), user("Why?"), assistant("Clouds.")]
    others = [[user("What is rain?"), assistant(text)] for text in ("Wet.", "Sun.")]
    assert await records(graph, "sft") == [{"messages": turns} for turns in (first, *others)]
    best = await records(graph, "sft", choices=Choices(bare=True, threads="best"))
    assert best == [{"messages": first}]


async def test_a_completion_is_the_end_of_a_conversation(graph: Graph) -> None:
    await bring(graph, RAIN)
    exported = await records(graph, "prompt-completion")
    assert exported[1] == {"prompt": [user("What is rain?")], "completion": [assistant("Wet.")]}
    talks = await records(graph, "sharegpt")
    assert talks[1] == {
        "conversations": [{"from": "human", "value": "What is rain?"}, {"from": "gpt", "value": "Wet."}]
    }


async def test_a_prompt_alone_is_every_thread_that_waits_for_an_assistant(graph: Graph) -> None:
    await bring(graph, RAIN)
    questions = [record["prompt"][-1]["content"] for record in await records(graph, "prompts")]
    assert questions == ["What is rain?", "Why?", "Thanks."]
    roots = await records(graph, "prompts", Filters(prompts_only=True))
    assert roots == [{"prompt": [user("What is rain?")]}]


async def pairs(graph: Graph, **choices: Any) -> list[tuple[str, str]]:
    exported = await records(graph, "preference", choices=Choices(**choices))
    return [(record["chosen_id"], record["rejected_id"]) for record in exported]


async def test_preferences_are_all_pairs_or_neighbours(graph: Graph) -> None:
    await bring(graph, RAIN)
    assert await pairs(graph) == [("best", "fair"), ("best", "poor"), ("fair", "poor")]
    assert await pairs(graph, pairs="adjacent") == [("best", "fair"), ("fair", "poor")]
    (first, *_) = await records(graph, "preference")
    assert first == {
        "prompt": [user("What is rain?")],
        "chosen": [assistant("Water.")],
        "rejected": [assistant("Wet.")],
    }


async def test_a_pair_without_a_majority_is_no_preference(graph: Graph) -> None:
    await bring(graph, RAIN)
    await rank(graph, "r", ("best", "fair", "poor"), ("best", "fair", "poor"), ("best", "poor", "fair"))
    assert await pairs(graph) == [("best", "fair"), ("best", "poor"), ("fair", "poor")]
    assert await pairs(graph, min_margin=2) == [("best", "fair"), ("best", "poor")]
    await rank(graph, "r", ("poor", "fair", "best"), maker="another")
    assert await pairs(graph) == [("best", "fair"), ("best", "poor")]
    assert {record["votes_margin"] for record in await records(graph, "preference", choices=Choices())} == {2}


async def test_imported_ranks_have_no_margin_and_pass_no_minimum(graph: Graph) -> None:
    await bring(graph, RAIN, tree("t", reply("t", "t1", rank=0), reply("t", "t2", "Other.", rank=0)))
    assert {record["votes_margin"] for record in await records(graph, "preference", choices=Choices())} == {0}
    assert await pairs(graph, min_margin=1) == []


def ranked_tree(*ranks: int) -> Json:
    """A prompt `r` with a reply for each rank: `a`, `b` and so on, with these as texts."""
    return tree("r", *(reply("r", name, name, rank=place) for name, place in zip("abcde", ranks, strict=False)))


async def test_replies_of_one_rank_are_no_pair_and_all_of_them_are_neighbours_of_the_next_rank(graph: Graph) -> None:
    await bring(graph, ranked_tree(0, 1, 1, 3))
    across = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]
    assert await pairs(graph, pairs="adjacent") == across
    assert sorted(await pairs(graph)) == sorted([*across, ("a", "d")])


async def test_a_reply_that_is_left_out_stands_between_no_neighbours(graph: Graph) -> None:
    await bring(graph, tree("r", reply("r", "a", "a", rank=0), reply("r", "b", "b", rank=1, deleted=True),
                            reply("r", "c", "c", rank=2)))  # fmt: skip
    assert await pairs(graph, pairs="adjacent") == [("a", "c")]


async def test_voters_in_balance_make_no_pair_of_neighbours(graph: Graph) -> None:
    await bring(graph, ranked_tree(0, 1, 2))
    await rank(graph, "r", ("a", "b", "c"), ("b", "a", "c"))
    assert await pairs(graph) == [("a", "c"), ("b", "c")]
    assert await pairs(graph, pairs="adjacent") == [("b", "c")]


@pytest.mark.parametrize("gone", [{"deleted": True}, {"review_result": False}, {"review_result": None}])
async def test_below_a_post_that_is_left_out_are_no_pairs(graph: Graph, gone: Json) -> None:
    below = [reply("q", "a", "a", rank=0), reply("q", "b", "b", rank=1)]
    question = reply("t1", "q", "Why?", role="prompter", replies=below, **gone)
    await bring(graph, tree("t", reply("t", "t1", replies=[question])))
    assert await pairs(graph) == []
    assert await records(graph, "kto") == await records(graph, "ranked") == []


async def test_the_best_is_wanted_and_the_worst_is_not_and_so_is_what_reviews_rejected(graph: Graph) -> None:
    await bring(graph, RAIN, tree("t", reply("t", "spam", "Buy.", review_result=False)))
    exported = await records(graph, "kto", Filters(rejected=PostStatus.INCLUDE))
    assert [(record["completion"][0]["content"], record["label"]) for record in exported] == [
        ("Water.", True),
        ("Sun.", False),
        ("Buy.", False),
    ]


async def labels(graph: Graph, **choices: Any) -> dict[str, bool]:
    exported = await records(graph, "kto", choices=Choices(**choices))
    return {record["completion"][0]["content"]: record["label"] for record in exported}


@pytest.mark.parametrize(
    ("ranks", "expected"),
    [
        ((0, 0, 1, 2, 2), {"a": True, "b": True, "d": False, "e": False}),
        ((0, 0, 1), {"a": True, "b": True, "c": False}),
        ((0, 1, 1), {"a": True, "b": False, "c": False}),
        ((0, 0, 0), {}),
    ],
)
async def test_all_that_are_tied_for_best_are_good_and_for_worst_bad(
    graph: Graph, ranks: tuple[int, ...], expected: dict[str, bool]
) -> None:
    await bring(graph, ranked_tree(*ranks))
    assert await labels(graph) == expected


async def test_voters_in_balance_are_a_tie_for_best_and_a_small_majority_is_none(graph: Graph) -> None:
    await bring(graph, ranked_tree(0, 1, 2))
    await rank(graph, "r", ("a", "b", "c"), ("b", "a", "c"))
    assert await labels(graph) == {"a": True, "b": True, "c": False}
    await rank(graph, "r", ("a", "b", "c"), maker="another")
    assert await labels(graph, min_margin=2) == {"a": True, "c": False}
    await rank(graph, "r", ("c", "b", "a"), ("c", "b", "a"), ("c", "b", "a"), maker="opponent")
    assert await labels(graph) == {}


async def test_a_shared_rank_is_half_a_win(graph: Graph) -> None:
    await bring(graph, ranked_tree(0, 1, 1))
    (record,) = await records(graph, "ranked")
    assert record["scores"] == [1.0, 0.25, 0.25]


async def test_a_ranked_list_has_the_share_that_each_won(graph: Graph) -> None:
    await bring(graph, RAIN)
    (record,) = await records(graph, "ranked")
    assert record["completions"] == [assistant(text) for text in ("Water.", "Wet.", "Sun.")]
    assert record["scores"] == [1.0, 0.5, 0.0]
    await rank(graph, "r", ("best", "fair", "poor"), ("fair", "best", "poor"))
    (record,) = await records(graph, "ranked")
    assert record["scores"] == [0.75, 0.75, 0.0]


async def test_records_tell_where_they_come_from_unless_bare(graph: Graph) -> None:
    await bring(graph, RAIN)
    (record, *_) = await records(graph, "sft", choices=Choices())
    assert (record["tree_id"], record["lang"]) == ("r", "en")
    assert record["post_ids"] == ["r", "best", "why", "because"]


async def test_messages_are_flat_and_can_be_told_apart_by_their_first_field(graph: Graph) -> None:
    await bring(graph, FULL)
    exported = await records(graph, "messages", Filters(deleted=PostStatus.INCLUDE, rejected=PostStatus.INCLUDE))
    assert {next(iter(record)) for record in exported} == {"message_id"}
    assert len(exported) == 7
    assert {record["message_tree_id"] for record in exported} == {"root-1"}
    assert exported[1]["labels"]["spam"] == {"value": 0.0, "count": 3}
    assert "replies" not in exported[0]


# Filters


async def kept(graph: Graph, **filters: Any) -> list[str]:
    return [record["message_id"] for record in await records(graph, "messages", Filters(**filters))]


async def test_posts_are_picked_by_sort_and_author(graph: Graph) -> None:
    gone = reply("r2", "gone", "Gone.", deleted=True)
    spam = reply("r2", "spam", "Buy.", review_result=False, synthetic=True)
    await bring(graph, RAIN, tree("r2", gone, spam, lang="de"), tree("r3", state="growing"))
    assert await kept(graph, langs=frozenset({"de"})) == ["r2"]
    assert await kept(graph, deleted=PostStatus.ONLY) == ["gone"]
    assert await kept(graph, rejected=PostStatus.ONLY) == ["spam"]
    assert await kept(graph, rejected=PostStatus.INCLUDE, synthetic=PostStatus.ONLY) == ["spam"]
    assert await kept(graph, users=frozenset({"bob", "eve"})) == ["fair", "poor"]
    assert await kept(graph, states=frozenset({TreeState.GROWING})) == ["r3"]
    assert (await kept(graph, limit=1))[0] == "r"
    listed = await records(graph, "trees", Filters(users=frozenset({"bob"})))
    assert [record["message_id"] for record in listed] == ["fair"]
    talks = await records(graph, "sft", Filters(users=frozenset({"bob"})))
    assert talks == [{"messages": [user("What is rain?"), assistant("Wet.")]}]


async def test_dates_bound_the_root_from_below_and_every_post_from_above(graph: Graph) -> None:
    def on(day: int) -> Json:
        return {"created_date": f"2024-01-{day:02}T00:00:00+00:00"}

    await bring(graph, tree("a", reply("a", "a1", **on(9)), **on(1)), tree("b", reply("b", "b1", **on(4)), **on(3)))
    assert await kept(graph, since=datetime(2024, 1, 2, tzinfo=UTC)) == ["b", "b1"]
    assert await kept(graph, until=datetime(2024, 1, 4, tzinfo=UTC)) == ["a", "b"]


async def test_means_of_labels_bound_what_comes_along(graph: Graph) -> None:
    def labelled(**means: float) -> Json:
        return {"labels": {name: {"value": mean, "count": 1} for name, mean in means.items()}}

    good, rude = reply("r", "good", **labelled(quality=0.8)), reply("r", "rude", **labelled(quality=0.9, toxicity=0.7))
    await bring(graph, tree("r", good, rude, reply("r", "poor", **labelled(quality=0.1)), **labelled(quality=1.0)))
    assert await kept(graph, at_least={"quality": 0.5}, at_most={"toxicity": 0.3}) == ["r", "good"]


async def test_people_who_are_not_trusted_leave_neither_posts_nor_ranks_nor_labels(graph: Graph) -> None:
    await bring(graph, RAIN)
    await rank(graph, "r", ("best", "fair", "poor"), ("fair", "best", "poor"), ("fair", "best", "poor"))
    await graph.execute(
        "MATCH (post:Post {imported_id: 'best'}) "
        "CREATE (:User {id: 'eve2'})-[:MADE]->(:Review {id: 'x', key: 'x', spam: 1.0})"
        "-[:OF]->(post) CREATE (:User {id: 'v'})-[:MADE]->(:Review {id: 'y', key: 'y', spam: 0.0})-[:OF]->(post)"
    )
    filters = Filters(without=frozenset({"eve", "eve2", "voter1", "voter2"}))
    messages = {record["message_id"]: record for record in await records(graph, "messages", filters)}
    assert "poor" not in messages
    assert (messages["best"]["rank"], messages["fair"]["rank"]) == (0, 1)
    assert messages["best"]["labels"] == {"spam": {"value": 0.0, "count": 1}}
    trusted = {record["message_id"]: record for record in await records(graph, "messages")}
    assert trusted["best"]["labels"] == {"spam": {"value": 0.5, "count": 2}}


async def test_the_posts_of_people_whose_judgements_are_not_trusted_come_along(graph: Graph) -> None:
    await bring(graph, RAIN)
    await rank(graph, "r", ("best", "fair", "poor"), ("fair", "best", "poor"), ("fair", "best", "poor"))
    filters = Filters(distrusted=Distrusted(frozenset({"eve", "voter1", "voter2"}), below=0.6, at_least=20))
    messages = {record["message_id"]: record for record in await records(graph, "messages", filters)}
    assert (messages["best"]["rank"], messages["fair"]["rank"], messages["poor"]["rank"]) == (0, 1, 2)
    assert filters.summary()["distrusted"] == {"users": 3, "below": 0.6, "at_least": 20}
    assert Filters().summary()["distrusted"] is None


# Names that there are not


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (Export(filters=Filters(at_most={"qualty": 0.2})), r"there is no label qualty \(did you mean quality\?\)"),
        (Export(filters=Filters(at_least={"zzz": 0.2})), r"there is no label zzz \(there are creativity, "),
        (Export(filters=Filters(at_most={"quality": 20})), r"the mean 20 of quality is out of range"),
        (Export(filters=Filters(at_most={"wit": float("nan")})), r"the mean nan of wit is out of range"),
        (Export(filters=Filters(langs=frozenset({"English!"}))), r"'English!' is not a .* \(the graph has en\)"),
        (Export(filters=Filters(users=frozenset({"bob", "Bob B."}))), r"no user Bob B. \(it is a name of bob\)"),
        (Export(filters=Filters(without=frozenset({"nobody"}))), "there is no user nobody"),
        (Export(filters=Filters(states=frozenset({cast("TreeState", "growin")}))), "did you mean growing"),
        (Export(filters=Filters(deleted=cast("PostStatus", "onyl"))), "did you mean only"),
        (Export(choices=Choices(pairs=cast("Any", "adjacnt"))), "did you mean adjacent"),
        (Export(choices=Choices(threads=cast("Any", "bset"))), "did you mean best"),
        (Export(compression=cast("Compression", "gzipp")), "did you mean gzip"),
        (Export(format="preferences"), "did you mean preference"),
    ],
)
async def test_a_name_that_there_is_not_is_an_error_that_suggests_one(
    graph: Graph, tmp_path: Path, options: Export, why: str
) -> None:
    await bring(graph, tree("t", labels={"wit": {"value": 0.9, "count": 1}}, user_id="bob"))
    await graph.execute("MATCH (user:User {id: 'bob'}) SET user.display_name = 'Bob B.'")
    with pytest.raises(CannotExport, match=why):
        await export(graph, tmp_path / "x.jsonl", options)
    assert os.listdir(tmp_path) == []


async def test_a_label_that_came_with_a_file_is_one_on_its_own_scale(graph: Graph) -> None:
    await bring(graph, tree("s", labels={"wit": {"value": 0.9, "count": 1}}), tree("t"))
    assert await kept(graph, at_least={"wit": 0.5}) == ["s"]
    assert await kept(graph, at_most={"wit": 0.5}) == ["t"]


@pytest.mark.parametrize("lang", ["pt-BR", "PT_br", "pt-br"])
async def test_a_language_is_found_in_any_case(graph: Graph, lang: str) -> None:
    await bring(graph, tree("s", lang="pt-BR"), tree("t", lang="pt"), tree("u", lang="pt_br"))
    assert await kept(graph, langs=frozenset({lang})) == ["s", "u"]


async def warnings(graph: Graph, filters: Filters, form: str = "trees") -> list[str]:
    return list((await export(graph, BytesIO(), Export(format=form, filters=filters))).warnings)


async def test_a_valid_name_that_is_absent_is_a_warning(graph: Graph) -> None:
    await bring(graph, tree("s", lang="de"), tree("t", lang="en"))
    assert await warnings(graph, Filters(langs=frozenset({"xx", "de"}))) == [
        "no tree is in language xx (the graph has de, en)"
    ]
    assert await warnings(graph, Filters(at_most={"humor": 0.5})) == ["no post of these trees has the label humor"]
    assert await warnings(graph, Filters()) == []


async def test_an_empty_export_says_what_left_out_what(graph: Graph) -> None:
    assert await warnings(graph, Filters()) == ["nothing was exported: the graph has no trees"]
    first = {"created_date": "2024-01-01T00:00:00+00:00"}
    others = [tree("d", state="halted_by_moderator"), tree("e", state="growing"), tree("f", synthetic=True)]
    await bring(graph, tree("a", lang="de"), tree("b", **first), tree("c", state="growing"), *others)
    filters = Filters(langs=frozenset({"en"}), since=datetime(2024, 1, 2, tzinfo=UTC), synthetic=PostStatus.EXCLUDE)
    assert await warnings(graph, filters) == [
        "nothing was exported: 1 tree in other languages; 1 tree begun at other dates; "
        "3 trees by state: 2 growing, 1 halted_by_moderator; 1 tree whose posts do not pass the filters"
    ]
    (why,) = await warnings(graph, Filters(states=None), "preference")
    assert why.startswith("nothing was exported: 6 trees without a record of this format (pairs of replies")
    assert await warnings(graph, Filters(states=None, limit=0)) == ["nothing was exported: the limit is 0"]


# Names and events


async def test_one_key_gives_one_name_in_every_format_and_the_tree_is_named_as_its_root(graph: Graph) -> None:
    await bring(graph, RAIN)
    for digest, again in ((keyed(b"secret"), keyed(b"secret")), (seeded(0), seeded(0))):
        (grown,) = await records(graph, "trees", pseudonymizer=Pseudonymizer(digest))
        flat = await records(graph, "messages", pseudonymizer=Pseudonymizer(again))
        talks = await records(graph, "sft", choices=Choices(), pseudonymizer=Pseudonymizer(again))
        assert grown["message_tree_id"] == grown["prompt"]["message_id"] == flat[0]["message_tree_id"]
        assert talks[0]["post_ids"][0] == talks[0]["tree_id"] == grown["message_tree_id"]
        assert len(grown["message_tree_id"]) == 64
        assert flat[0]["user_id"] not in ("ada", None)
    assert grown["message_tree_id"] == hashlib.sha256(b"message:r0").hexdigest()


async def test_users_are_left_out_where_they_are_not_wanted(graph: Graph) -> None:
    await bring(graph, FULL)
    events = Choices(events=True)
    exported = json.dumps(await records(graph, "trees", choices=events, pseudonymizer=Pseudonymizer(user_ids=False)))
    assert "user_id" not in exported
    assert "c0ffee" not in exported


async def test_events_tell_who_reacted_and_ranked(graph: Graph) -> None:
    await bring(graph, RAIN)
    await rank(graph, "r", ("best", "fair", "poor"))
    await graph.execute(
        "MATCH (post:Post {imported_id: 'fair'}) CREATE (:User {id: 'u'})-[:REACTED {emoji: '+1'}]->(post)"
    )
    (record,) = await records(graph, "trees", choices=Choices(events=True))
    assert record["prompt"]["events"]["ranking"] == [
        {
            "type": "ranking",
            "user_id": "voter0",
            "ranking": [0, 1, 2],
            "ranked_message_ids": ["best", "fair", "poor"],
            "ranking_parent_id": "r",
            "message_tree_id": "r",
        }
    ]
    fair = record["prompt"]["replies"][1]
    assert fair["events"] == {"emoji": [{"type": "emoji", "user_id": "u", "emoji": "+1"}]}
    named = await records(graph, "trees", choices=Choices(events=True), pseudonymizer=Pseudonymizer(keyed(b"k")))
    assert (
        named[0]["prompt"]["events"]["ranking"][0]["ranked_message_ids"][0]
        == (named[0]["prompt"]["replies"][0]["message_id"])
    )
    assert "voter0" not in json.dumps(named)


# Files

_ENDINGS = {
    Compression.PLAIN: "jsonl",
    Compression.GZIP: "jsonl.gz",
    Compression.ZSTD: "jsonl.zst",
    Compression.PARQUET: "parquet",
}


def some_trees() -> list[Json]:
    return [
        tree(
            f"t{i}",
            reply(f"t{i}", f"t{i}a", f"Good {i}.", rank=0, labels={"spam": {"value": 0.0, "count": 1}}),
            reply(f"t{i}", f"t{i}b", "Bad\u2028, \U0001f327.", rank=1, emojis={"+1": 2}),
        )
        for i in range(40)
    ]


def read(file: Path) -> list[Json]:
    """With the standard reader of each sort of file."""
    import pyarrow.parquet as parquet

    content = file.read_bytes()
    if file.suffix == ".parquet":
        return cast("Any", parquet).read_table(file).to_pylist()
    if file.suffix == ".gz":
        content = gzip.decompress(content)
    elif file.suffix == ".zst":
        content = zstandard.ZstdDecompressor().decompressobj().decompress(content)
    return [json.loads(line) for line in content.split(b"\n") if line]


async def put(graph: Graph, to: Path, form: str, **options: Any) -> ExportResult:
    return await export(graph, to, Export(format=form, **options))


@pytest.mark.parametrize("form", EXPORT_FORMATS)
async def test_two_exports_are_byte_equal_and_read_back_with_the_counts_of_the_manifest(
    graph: Graph, tmp_path: Path, form: str
) -> None:
    await bring(graph, *some_trees())
    splits = {"train": 0.7, "test": 0.3}
    seen: list[list[str]] = []
    for packing, ending in _ENDINGS.items():
        if form == "trees" and packing is Compression.PARQUET:
            continue
        again: list[Mapping[str, bytes]] = []
        for folder in (tmp_path / f"{packing}1", tmp_path / f"{packing}2"):
            folder.mkdir()
            await put(graph, folder / f"set-{{split}}.{ending}", form, splits=splits)
            again.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
        assert again[0] == again[1]
        manifest = json.loads((folder / f"set-splits.{ending}.manifest.json").read_text())
        for file in manifest["files"]:
            content = (folder / file["name"]).read_bytes()
            assert (file["bytes"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
            assert file["records"] == len(read(folder / file["name"]))
        assert manifest["counts"]["trees"] == 40
        assert min(file["trees"] for file in manifest["files"]) > 0
        assert "split | trees" in (folder / f"set-splits.{ending}.card.md").read_text()
        test = read(folder / f"set-test.{ending}")
        seen.append(sorted(str(record.get("tree_id") or record.get("message_tree_id")) for record in test))
    assert all(ids == seen[0] for ids in seen)


@pytest.mark.parametrize("form", [form for form in EXPORT_FORMATS if form != "trees"])
async def test_pandas_reads_every_format(graph: Graph, tmp_path: Path, form: str) -> None:
    import pandas

    await bring(graph, *some_trees())
    done = await put(graph, tmp_path / "set.jsonl.gz", form)
    await put(graph, tmp_path / "set.parquet", form)
    frame = cast("Any", pandas).read_json(tmp_path / "set.jsonl.gz", lines=True)
    table = cast("Any", pandas).read_parquet(tmp_path / "set.parquet")
    assert len(frame) == len(table) == done.records > 0
    assert set(frame.columns) <= set(table.columns) == {column.name for column in EXPORT_FORMATS[form].columns}


@pytest.mark.parametrize("form", [form for form in EXPORT_FORMATS if form != "trees"])
async def test_datasets_reads_every_format(graph: Graph, tmp_path: Path, form: str) -> None:
    datasets: Any = pytest.importorskip("datasets")
    await bring(graph, *some_trees())
    done = await put(graph, tmp_path / "set.jsonl", form)
    await put(graph, tmp_path / "set.parquet", form)
    for kind, name in (("json", "set.jsonl"), ("parquet", "set.parquet")):
        dataset = datasets.load_dataset(kind, data_files=str(tmp_path / name), cache_dir=str(tmp_path / "cache"))
        assert len(dataset["train"]) == done.records


@pytest.mark.parametrize("form", ["sft", "prompt-completion", "preference", "kto", "prompts"])
async def test_trl_takes_records_for_conversations(graph: Graph, form: str) -> None:
    check: Any = pytest.importorskip("trl.data_utils").is_conversational
    await bring(graph, RAIN)
    assert all(check(record) for record in await records(graph, form))


async def test_a_stream_gets_no_manifest_and_a_pipe_can_be_told_to_get_none(graph: Graph, tmp_path: Path) -> None:
    await bring(graph, RAIN)
    assert (await put(graph, tmp_path / "a.jsonl", "sft", manifest=False)).companion_files == []
    assert os.listdir(tmp_path) == ["a.jsonl"]
    done = await put(graph, tmp_path / "b.jsonl", "sharegpt")
    endings = ("manifest.json", "card.md", "dataset_info.json")
    assert [path.name for path in done.companion_files] == [f"b.jsonl.{ending}" for ending in endings]


async def test_each_file_has_a_manifest_of_its_own(graph: Graph, tmp_path: Path) -> None:
    await bring(graph, *some_trees())
    for name in ("x.jsonl", "x.parquet", "x.jsonl.gz"):
        await put(graph, tmp_path / name, "sft")
    for name in ("x.jsonl", "x.parquet", "x.jsonl.gz"):
        (file,) = json.loads((tmp_path / f"{name}.manifest.json").read_text())["files"]
        assert (file["name"], file["sha256"]) == (name, hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
        assert f'path: "{name}"' in (tmp_path / f"{name}.card.md").read_text()


async def test_manifest_and_card_tell_the_origin_and_the_share_of_models(graph: Graph, tmp_path: Path) -> None:
    imported = {**tree("t", reply("t", "t1", synthetic=True), reply("t", "t2")), "origin": "some set"}
    await bring(graph, tree("n", reply("n", "n1")), imported, tree("u"))
    await graph.execute(
        "MATCH (post:Post) WHERE post.imported_id IN ['n', 'n1', 't2'] REMOVE post.position WITH DISTINCT 1 AS done "
        "MATCH (tree:Tree) WHERE tree.imported_id IN ['n', 'u'] REMOVE tree.origin"
    )
    await put(graph, tmp_path / "x.jsonl", "trees", pseudonymizer=Pseudonymizer(user_ids=False))
    counts = json.loads((tmp_path / "x.jsonl.manifest.json").read_text())["counts"]
    assert counts["synthetic_posts"] == 1
    assert counts["by_origin"] == {
        "native": {"trees": 1, "posts": 3, "synthetic_posts": 0},
        "imported": {
            "some set": {"trees": 1, "posts": 2, "synthetic_posts": 1},
            "unknown": {"trees": 1, "posts": 1, "synthetic_posts": 0},
        },
    }
    card = (tmp_path / "x.jsonl.card.md").read_text()
    assert "Models wrote 1 of 6 posts (16.7%)." in card
    assert "| imported from some set | 1 | 2 | 1 |" in card
    assert "| people of this installation | 1 | 3 | 0 |" in card


async def test_manifest_and_card_count_the_trees_that_are_left_out(graph: Graph, tmp_path: Path) -> None:
    states = ("growing", "halted_by_moderator", "growing", "ready_for_export")
    others = [tree("bad", review_result=False), tree("de", lang="de", state="growing")]
    await bring(graph, *(tree(f"t{i}", state=state) for i, state in enumerate(states)), *others)
    done = await put(graph, tmp_path / "x.jsonl", "trees", filters=Filters(langs=frozenset({"en"})))
    assert done.excluded == ExcludedTrees(by_lang=1, by_state={"growing": 2, "halted_by_moderator": 1}, by_posts=1)
    manifest = json.loads((tmp_path / "x.jsonl.manifest.json").read_text())
    assert manifest["left_out"] == {
        "by_lang": 1,
        "by_date": 0,
        "by_state": {"growing": 2, "halted_by_moderator": 1},
        "by_posts": 1,
        "by_split": 0,
    }
    assert "3 trees by state: 2 growing, 1 halted_by_moderator" in (tmp_path / "x.jsonl.card.md").read_text()
    half = await export(graph, tmp_path / "{split}.jsonl", Export(filters=ALL, splits={"a": 1e-9}))
    assert (half.trees, half.excluded.by_split) == (0, 6)


async def test_what_cannot_be_exported_says_why(graph: Graph, tmp_path: Path) -> None:
    for options, why in (
        (Export(format="poems"), "there is no format poems"),
        (Export(compression=Compression.PARQUET), "take messages"),
        (Export(splits={"a": 0.5}), "{split}"),
        (Export(splits={"a": 1.5}), "1 at most"),
    ):
        with pytest.raises(CannotExport, match=why):
            await export(graph, tmp_path / "x.jsonl", options)
    assert os.listdir(tmp_path) == []


def test_a_split_depends_on_the_id_alone_and_takes_its_share() -> None:
    shares = {"train": 0.8, "validation": 0.1, "test": 0.1}
    splits = [split_of(f"tree {i}", shares) for i in range(10_000)]
    assert None not in splits
    assert abs(splits.count("test") - 1000) < 120
    assert split_of("tree 1", {"test": 0.00001}) is None


@pytest.mark.skipif(not REAL.exists(), reason=f"the reference trees are not at {REAL}")
async def test_the_reference_trees_in_a_plain_export_are_as_they_came(graph: Graph, limits: Limits) -> None:
    await import_trees(graph, REAL, limits=limits)
    to = BytesIO()
    done = await export(graph, to, Export())
    assert (done.trees, done.posts, done.records) == (100, 1167, 100)
    assert to.getvalue() == REAL.read_bytes()
