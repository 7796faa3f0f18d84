"""Ids and languages of files become those of the graph, and come out as they went in."""

from __future__ import annotations

from io import BytesIO
from random import Random
from uuid import UUID, uuid4

import pytest

from oa_graph.datasets import Destination, ImportCounts, ImportOptions, Reject, import_trees
from oa_graph.datasets.identity import canonical_id
from oa_graph.datasets.import_formats import Defaults
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import TaskKind
from oa_graph.graph.session import Graph
from tests.builders import ADA, BOB, CAT, Worker
from tests.graph.datasets.files import Json, lines, parsed, reply, taken, tree
from tests.invariants import check, same_when_counted_anew

pytestmark = pytest.mark.anyio

SOURCE = "a file"


async def land(
    graph: Graph, *trees: Json, into: Destination | None = None, limits: Limits | None = None, origin: str = SOURCE
) -> tuple[ImportCounts, list[Reject]]:
    refused: list[Reject] = []
    wish = ImportOptions(into=into, defaults=Defaults(origin=origin))
    counts = await import_trees(
        graph, BytesIO(lines(*trees)), limits=limits or Limits(), options=wish, on_reject=refused.append, rng=Random(3)
    )
    return counts, refused


UUID_TEXT = "8c1d52f4-0f6b-4f0e-9d3c-1f6a1d5f7b20"


@pytest.mark.parametrize("id", ["1", "0199", "A" * 500, UUID_TEXT.replace("-", ""), f"{{{UUID_TEXT}}}", "ünï 🌧️"])
def test_an_id_that_is_no_uuid_becomes_one_that_follows_from_it_and_its_source(id: str) -> None:
    made = canonical_id(id, SOURCE)
    assert made == str(UUID(made)) == canonical_id(id, SOURCE)
    assert made != canonical_id(id, "another file")


def test_a_uuid_in_another_case_is_the_same_and_one_in_lower_case_stays() -> None:
    id = str(uuid4())
    assert canonical_id(id.upper(), SOURCE) == canonical_id(id, "another file") == id


async def test_people_work_on_a_tree_whose_file_has_other_ids(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_reply=1, num_required_rankings=1, goal_tree_size=3, max_tree_depth=1)
    under_review = reply("1", "2", review_result=None, review_count=0)
    growing = tree("1", under_review, state="growing", text="What is rain?")
    await land(graph, growing, limits=limits)
    ada, bob, cat = (Worker(graph, limits, rng, who) for who in (ADA, BOB, CAT))
    task = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    assert [post.id for post in task.thread] == [canonical_id(id, SOURCE) for id in ("1", "2")]
    await ada.label(task)
    await bob.write(await bob.ask(TaskKind.ASSISTANT_REPLY), "Weather.")
    await cat.label(await cat.ask(TaskKind.LABEL_ASSISTANT_REPLY))
    await cat.rank(await cat.ask(TaskKind.RANK_ASSISTANT_REPLIES))
    (tree_line,) = parsed(await taken(graph))
    assert (tree_line["message_tree_id"], tree_line["prompt"]["message_id"]) == ("1", "1")
    assert {message["parent_id"] for message in tree_line["prompt"]["replies"]} == {"1"}
    assert "2" in {message["message_id"] for message in tree_line["prompt"]["replies"]}
    await check(graph, limits)


async def test_the_same_id_of_two_sources_is_two_trees_and_of_one_source_one(graph: Graph) -> None:
    for origin, counts in (
        ("a", ImportCounts(trees=1, posts=2)),
        ("b", ImportCounts(trees=1, posts=2)),
        ("a", ImportCounts(skipped=1)),
    ):
        assert await land(graph, tree("1", reply("1", "2")), origin=origin) == (counts, [])
    assert [tree_line["message_tree_id"] for tree_line in parsed(await taken(graph))] == ["1", "1"]


async def test_an_id_in_upper_case_comes_out_so_and_is_known_in_lower_case(graph: Graph) -> None:
    id = str(uuid4())
    shouted = tree(id.upper(), reply(id.upper(), str(uuid4())))
    await land(graph, shouted)
    assert parsed(await taken(graph)) == [shouted]
    assert await land(graph, tree(id)) == (ImportCounts(skipped=1), [])


async def test_two_ids_of_a_tree_that_are_one_uuid_are_refused(graph: Graph) -> None:
    id = str(uuid4())
    _, (refused,) = await land(graph, tree("1", reply("1", id), reply("1", id.upper())))
    assert refused.why == "message_id: two messages of tree 1 have the same UUID"


async def test_a_reply_has_the_language_of_its_tree_and_comes_out_in_its_own(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_reply=1, goal_tree_size=2, max_tree_depth=1)
    foreign = reply("1", "2", "Wasser.", lang="de", review_result=None, review_count=0)
    await land(graph, tree("1", foreign, state="growing"), limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    await ada.label(await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY, lang="en"))
    (tree_line,) = parsed(await taken(graph))
    assert [message["lang"] for message in (tree_line["prompt"], *tree_line["prompt"]["replies"])] == ["en", "de"]
    await check(graph, limits)
    await same_when_counted_anew(graph)


async def test_a_branch_that_joins_a_tree_has_its_language(graph: Graph, limits: Limits) -> None:
    for lang in ("en", "de"):
        chat = b'{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "In %s"}]}\n'
        wish = ImportOptions(defaults=Defaults(lang=lang))
        await import_trees(graph, BytesIO(chat % lang.encode()), limits=limits, options=wish)
    rows = await graph.execute("MATCH (post:Post) RETURN post.lang AS lang, count(*) AS posts")
    assert rows == [{"lang": "en", "posts": 3}]
    await same_when_counted_anew(graph)


@pytest.mark.parametrize(
    ("into", "comes"), [(Destination.LOTTERY, 0), (Destination.REVIEW, 0), (Destination.FINISHED, 1)]
)
async def test_no_prompt_comes_to_people_in_a_language_that_takes_none(
    graph: Graph, into: Destination, comes: int
) -> None:
    limits = Limits(init_prompt_disabled_langs=("de",))
    counts, refused = await land(graph, tree("1", lang="de"), tree("2"), into=into, limits=limits)
    assert counts.trees == 1 + comes
    assert [reject.why.partition(":")[0] for reject in refused] == ["lang"] * (1 - comes)


async def test_what_people_here_wrote_elsewhere_counts_as_when_all_is_counted_anew(
    graph: Graph, limits: Limits, rng: Random
) -> None:
    ada = await Worker(graph, limits, rng, ADA).user()
    live = reply("1", "2", user_id=ada.id, created_date="1969-07-20T20:17:40.123456+00:00")
    await land(graph, tree("1", live, reply("1", "3", user_id=ada.id, deleted=True), user_id=ada.id))
    assert await same_when_counted_anew(graph)
