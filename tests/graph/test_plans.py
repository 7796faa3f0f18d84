"""Every statement is what its header says and starts from keys; hot ones cost the same in a graph four times as large.

Plans are looked at twice: as made for an empty graph, since a server keeps the plans of its first minutes, and as made
for a graph that holds some of everything.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, LiteralString, TypeVar, cast

import pytest
from neo4j import AsyncTransaction

from oa_graph import protocol
from oa_graph.graph import posts, tasks, users
from oa_graph.graph.asking import explorations
from oa_graph.graph.queries import Query, catalogue
from oa_graph.graph.session import Graph, Row, Tx, native
from oa_graph.model import Among, Bound, Limits, Span, TaskKind, TaskRequest
from oa_graph.policy import sampling, search
from tests.builders import CLIENT, answer_for, person

pytestmark = pytest.mark.anyio

T = TypeVar("T")

FORBIDDEN = ("AllNodesScan", "NodeByLabelScan", "CartesianProduct", "RelationshipTypeScan", "AllRelationshipsScan")

_TYPE = re.compile(r"^(ZONED DATETIME|LIST<.+?>+|[A-Z]+)(?= |$)")
_COMMENT = re.compile(r"//[^\n]*")
_PARAMETER = re.compile(r"\$given\.(\w+)")


def explained(query: Query, *, how: str = "EXPLAIN") -> LiteralString:
    options, _, rest = query.text.partition("\n")
    return cast("LiteralString", f"{options} {how}\n{rest}" if options.startswith("CYPHER") else f"{how} {query.text}")


def example(type: str) -> object:
    """A value of a declared type: plans may differ by type, never by value."""
    match type:
        case "STRING":
            return "a"
        case "INTEGER":
            return 1
        case "FLOAT":
            return 0.5
        case "BOOLEAN":
            return False
        case "MAP":
            return {}
        case "ZONED DATETIME":
            return datetime.now(UTC)
        case _:
            assert type.startswith("LIST<"), type
            return []


def declared_type(meaning: str) -> str:
    found = _TYPE.match(meaning)
    assert found, meaning
    return found[1]


def details(plan: Mapping[str, Any]) -> Iterator[str]:
    yield str(plan["args"].get("Details", ""))
    for child in plan.get("children", ()):
        yield from details(child)


def operators(plan: Mapping[str, Any]) -> Iterator[str]:
    yield str(plan["operatorType"]).partition("@")[0]
    for child in plan.get("children", ()):
        yield from operators(child)


@pytest.mark.parametrize("query", catalogue().values(), ids=catalogue())
def test_a_statement_declares_what_it_uses(query: Query) -> None:
    used = set(_PARAMETER.findall(_COMMENT.sub("", query.text)))
    assert used == set(query.inputs)
    assert (query.rows == "none") == (not query.outputs)
    assert query.gist
    assert query.cost
    for name, meaning in {**query.inputs, **query.outputs}.items():
        assert _TYPE.match(meaning), f"{name} has no type"


@pytest.mark.parametrize("query", catalogue().values(), ids=catalogue())
def test_a_walk_is_bounded(query: Query) -> None:
    code = _COMMENT.sub("", query.text)
    assert not re.search(r"\]-[>]?(\*|\+|\{\d*,\})", code)
    assert not re.search(r"\[[^\]]*\*(\]|\d+\.\.\])", code)


@pytest.fixture(scope="module", params=["empty", "filled"])
async def planned(connected: Graph, request: pytest.FixtureRequest) -> Graph:
    await empty(connected)
    if request.param == "filled":
        await fill(connected, trees=200, history=20)
    await connected.execute("CALL db.clearQueryCaches()")
    return connected


@pytest.mark.parametrize("query", catalogue().values(), ids=catalogue())
async def test_the_plan_of_a_statement_starts_from_keys(planned: Graph, query: Query) -> None:
    parameters = {name: example(declared_type(meaning)) for name, meaning in query.inputs.items()}
    async with planned.session() as session:
        result = await session.run(explained(query), query.sent(parameters))
        columns = list(result.keys())
        summary = await result.consume()
    assert set(columns) == set(query.outputs)
    assert summary.query_type in ({"read": ("r",), "write": ("rw", "w")}[query.mode])
    if query.cost.startswith("scan"):
        return
    plan = cast("Mapping[str, Any]", summary.plan)
    assert [each for each in operators(plan) if any(word in each for word in FORBIDDEN)] == []


FIXED = {"id", "tag", "tree", "client", "ack", "role", "author", "created"}
"""What never changes while a node is in hand: an ack is given once, and who reads by it already has it.

Authors change when users are merged; statements that credit them look at them first behind the lock of the post.
"""

_FROM_BEFORE = "PropertiesUsingCachedProperties"
_NAME = re.compile(r"PropertyKeyName\((\w+)\)")


@pytest.mark.parametrize("query", catalogue().values(), ids=catalogue())
async def test_what_is_checked_under_a_lock_is_not_from_before_it(planned: Graph, query: Query) -> None:
    async with planned.session() as session:
        result = await session.run(explained(query), query.sent({}))
        plan = cast("Mapping[str, Any]", (await result.consume()).plan)
    kept = {name for each in details(plan) if _FROM_BEFORE in each for name in _NAME.findall(each)}
    assert kept <= FIXED


@pytest.mark.parametrize("name", ["posts/newest", "posts/oldest"])
async def test_a_page_is_read_in_the_order_of_an_index_and_never_sorted_as_a_whole(planned: Graph, name: str) -> None:
    query = catalogue()[name]
    async with planned.session() as session:
        result = await session.run(explained(query), query.sent({}))
        plan = cast("Mapping[str, Any]", (await result.consume()).plan)
    found = list(branches(plan))
    assert {index for _, index in found} == {
        "author, created",
        "client, created",
        "lang, created",
        "client, lang, created",
        "created",
    }
    assert {sorting for sorting, _ in found} == {"PartialTop"}


SORTS_PARTS = "sorts nothing beyond a tree"


@pytest.mark.parametrize("limit", ["", "\nLIMIT $given.limit"], ids=["all", "limited"])
@pytest.mark.parametrize("query", explorations(), ids=lambda query: query.short)
async def test_what_is_sorted_as_a_whole_is_said_in_the_cost(
    planned: Graph, query: Query, limit: LiteralString
) -> None:
    """Of answers about single trees, people and texts, whose rows grow with the graph; others are a few groups."""
    async with planned.session() as session:
        text = explained(query) + limit
        result = await session.run(text, query.sent({"limit": 1}))
        plan = cast("Mapping[str, Any]", (await result.consume()).plan)
    sorts = [name for name in spine(plan) if re.search("Sort|Top", name)]
    is_whole = any(not name.startswith("Partial") for name in sorts)
    if SORTS_PARTS in query.cost:
        assert not is_whole
    elif next(iter(query.outputs)) in ("tree", "person", "replier", "text"):
        assert "sorts" in query.cost


def test_pairs_and_threads_are_streamed_in_the_order_of_the_trees() -> None:
    streamed = {query.short for query in explorations() if SORTS_PARTS in query.cost}
    assert streamed == {"best_threads", "label_means", "preference_pairs", "root_to_leaf_threads"}


def spine(plan: Mapping[str, Any]) -> Iterator[str]:
    """The operators on the way to the first leaf: what is done for each of their rows is no part of it."""
    yield str(plan["operatorType"]).partition("@")[0]
    for child in plan.get("children", ())[:1]:
        yield from spine(child)


def branches(plan: Mapping[str, Any], sorting: str = "") -> Iterator[tuple[str, str]]:
    """The index below each leaf, and the operator that orders what it gives."""
    operator = str(plan["operatorType"]).partition("@")[0]
    sorting = operator if re.search("Sort|Top", operator) else sorting
    if found := re.search(r"RANGE INDEX post:Post\(([\w, ]+)\)", str(plan["args"].get("Details", ""))):
        yield sorting, found[1]
    for child in plan.get("children", ()):
        yield from branches(child, sorting)


# What the hot statements cost


class Profiler:
    """A store that counts what each statement costs, and keeps nothing."""

    def __init__(self, transaction: AsyncTransaction) -> None:
        self._transaction = transaction
        self.hits: defaultdict[str, list[int]] = defaultdict(list[int])

    async def rows(self, name: str, parameters: Mapping[str, object]) -> list[Row]:
        query = catalogue()[name]
        result = await self._transaction.run(explained(query, how="PROFILE"), query.sent(parameters))
        found: list[Row] = [native(record.data()) async for record in result]
        summary = await result.consume()
        self.hits[name].append(hits(cast("Mapping[str, Any]", summary.profile)))  # pyright: ignore[reportUnknownMemberType]
        return found

    async def transact(self, work: Callable[[Tx], Awaitable[T]], *, patient: bool = False) -> T:
        return await work(self)


def hits(plan: Mapping[str, Any]) -> int:
    return int(plan["args"].get("DbHits", 0)) + sum(hits(child) for child in plan.get("children", ()))


WORKERS = 12

THEN = datetime(2026, 1, 1, tzinfo=UTC)
"""When the graph began."""

LIMITS = Limits(max_pending_tasks_per_user=10**6)

HOT = (
    "tasks/lease",
    "tasks/acknowledge",
    "tasks/settle_text",
    "tasks/settle_review",
    "tasks/settle_ranking",
    "tasks/look",
    "tasks/occupancy",
    "tasks/refuse",
    "posts/thread",
    "posts/post",
    "posts/named",
    "posts/children",
    "posts/tree",
    "posts/descendants",
    "posts/longest_thread",
    "posts/most_replies",
    "posts/newest",
    "posts/oldest",
    "posts/newest_hits",
    "posts/oldest_hits",
    "users/namesakes",
    "trees/facts",
    "trees/enter_state",
)


async def browse(store: Profiler, i: int) -> None:
    """Every read of posts, in the middle of the graph."""
    id = f"tree {20 + i}"
    await posts.post(store, id, viewer=None)
    await posts.children(store, id, viewer=None)
    await posts.tree_posts(store, id, viewer=None, include_rejected=True, include_deleted=True)
    await posts.descendants(store, id, viewer=None)
    await posts.longest_thread(store, f"{id}.0.1", viewer=None)
    await posts.most_replies(store, f"{id}.0.1", viewer=None)
    await posts.named(store, f"user {i} 7", client=CLIENT.id)
    authors = tuple(await users.namesakes(store, client=None, method="local", name=f"worker {i}"))
    start = Bound(THEN + timedelta(hours=7 * i), None)
    for desc in (False, True):
        for among in (
            Among(),
            Among(lang="en"),
            Among(client=CLIENT.id),
            Among(client=CLIENT.id, lang="en"),
            Among(authors=authors, lang="en", client=CLIENT.id),
            Among(lang="en", only_roots=True),
        ):
            for low, high in ((None, None), (start, None), (None, Bound(THEN + timedelta(days=4), None))):
                await posts.page(store, Span(low, high, desc=desc, limit=11), among=among, viewer=None, with_user=True)
        for typed in ("tree", "20", '"user 3"'):
            among = Among(lang="en")
            asked = search.query(typed, "en", among)
            await posts.page(store, Span(None, None, desc=desc, limit=11), among=among, viewer=None, search=asked)


async def play(store: Profiler) -> None:
    """Some of the people who have a history do one of each kind of work."""
    rng = Random(3)
    for i in range(WORKERS):
        who = person(f"worker {i}")
        await browse(store, i)
        await tasks.look(
            store,
            client=CLIENT.id,
            person=who,
            lang="en",
            pools=sampling.pools(list(TaskKind), "en", LIMITS),
            limit=15,
            closely=6,
            limits=LIMITS,
            now=datetime.now(UTC),
        )
        pools = sampling.pools(list(TaskKind), "en", LIMITS)
        await tasks.occupancy(store, pools, lang="en", now=datetime.now(UTC))
        for kind in (TaskKind.ASSISTANT_REPLY, TaskKind.LABEL_ASSISTANT_REPLY, TaskKind.RANK_ASSISTANT_REPLIES):
            ask = TaskRequest(CLIENT, who, kind, "en")
            skipped = await protocol.hand_out(store, LIMITS, rng=rng, ask=ask)
            await protocol.refuse(store, LIMITS, rng=rng, client=CLIENT, task_id=skipped.id, reason=None, user=None)
            task = await protocol.hand_out(store, LIMITS, rng=rng, ask=ask)
            await protocol.acknowledge(store, LIMITS, client=CLIENT, task_id=task.id, ack=f"ack {task.id}", user=None)
            await posts.thread(store, task.thread[-1].id, viewer=None)
            answer = answer_for(task)
            if task.form is None and not task.candidates:
                answer = replace(answer, text=f"A new text for {task.id}.")
            await protocol.settle(store, LIMITS, rng=rng, client=CLIENT, person=who, answer=answer)


async def costs(graph: Graph, *, trees: int, history: int) -> dict[str, float]:
    """The mean database hits of each hot statement."""
    await empty(graph)
    await fill(graph, trees=trees, history=history)
    async with graph.session() as session, await session.begin_transaction() as transaction:
        profiler = Profiler(transaction)
        await play(profiler)
        await transaction.rollback()
    return {name: sum(found) / len(found) for name, found in profiler.hits.items()}


@pytest.fixture(scope="module")
async def measured(connected: Graph) -> AsyncGenerator[tuple[Mapping[str, float], Mapping[str, float]]]:
    await empty(connected)
    await connected.execute("CALL db.clearQueryCaches()")
    small = await costs(connected, trees=120, history=30)
    large = await costs(connected, trees=480, history=120)
    yield small, large
    await empty(connected)


@pytest.mark.parametrize("name", HOT)
async def test_a_hot_statement_costs_the_same_in_a_graph_four_times_as_large(
    measured: tuple[Mapping[str, float], Mapping[str, float]], name: str
) -> None:
    small, large = measured
    assert large[name] <= 1.3 * small[name] + 15, (small[name], large[name])


# A graph that holds some of everything


async def empty(graph: Graph) -> None:
    await graph.execute("MATCH (n) WHERE NOT n:Schema CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS")


async def fill(graph: Graph, *, trees: int, history: int) -> None:
    """Trees of each state, and people who did a lot long ago: answers, reviews, rankings, skips, tasks left open."""
    states = ["growing", "growing", "growing", "ranking", "initial_prompt_review", "prompt_lottery_waiting"]
    await graph.execute(
        """
        UNWIND range(0, $trees - 1) AS i
        WITH i, 'tree ' + i AS id, $states[i % size($states)] AS state
        CREATE (tree:Tree {id: id, state: state, lang: 'en', goal: 60, max_depth: 4, max_children: 4, created: $then})
        CREATE (tree)-[:ROOT]->(root:Post {id: id, tree: id, depth: 0, role: 'prompter', lang: 'en', text: id,
          accepted: true, deleted: false, reviews: 3, created: $then + duration({hours: i}), edited: false,
          synthetic: false})
        WITH id, state, root
        UNWIND range(0, 3) AS j
        CREATE (root)<-[:REPLY_TO]-(reply:Post {id: id + '.' + j, tree: id, depth: 1, role: 'assistant', lang: 'en',
          text: id + '.' + j, accepted: CASE WHEN state = 'growing' AND j > 1 THEN null ELSE true END, deleted: false,
          reviews: 0, created: root.created, edited: false, synthetic: false})
        WITH id, reply, j WHERE j < 2
        UNWIND range(0, 1) AS k
        CREATE (reply)<-[:REPLY_TO]-(:Post {id: reply.id + '.' + k, tree: id, depth: 2, role: 'prompter', lang: 'en',
          text: reply.id + '.' + k, accepted: true, deleted: false, reviews: 3, created: reply.created, edited: false,
          synthetic: false})
        """,
        trees=trees,
        states=states,
        then=THEN,
    )
    await graph.execute("MERGE (l:Language {tag: 'en'}) SET l.growing = 1000, l.prompt_lottery_waiting = 1000")
    # as `trees/enter_state` would, for all at once
    await graph.execute(
        """
        MATCH (tree:Tree) MATCH (post:Post {tree: tree.id})
        WITH post, CASE
            WHEN tree.state = 'growing' AND post.accepted IS NULL THEN 'label_assistant_reply en'
            WHEN tree.state = 'growing' AND post.role = 'prompter' AND post.depth = 2 THEN 'assistant_reply en 0'
            WHEN tree.state = 'ranking' AND post.depth = 0 THEN 'rank_assistant_replies en'
            WHEN tree.state = 'initial_prompt_review' AND post.depth = 0 THEN 'label_initial_prompt en'
            WHEN tree.state = 'prompt_lottery_waiting' AND post.depth = 0 THEN 'rank_initial_prompts en'
          END AS pool
        WHERE pool IS NOT NULL
        SET post.pool = pool, post.wants = 3, post.key = rand()
        """
    )
    await graph.execute(
        """
        MERGE (:Client {id: $client, key_hash: 'a'})
        WITH 1 AS one
        UNWIND range(0, $people - 1) AS i
        CREATE (user:User {id: 'user ' + i, client: $client, method: 'local', name: 'worker ' + i,
          display_name: 'worker ' + i, enabled: true, deleted: false, notes: '', show_on_leaderboard: true,
          created: $then, last_activity: $then})
        CREATE (:Score {key: user.id + ' total', user: user.id, frame: 'total', board: 'total', behind: -i,
          enabled: true, troll_behind: 0, prompts: i, modified: $then})
        CREATE (:Slot {key: user.id + ' 0', user: user.id, start: 0, due: 9e15, frames: ['total'], prompts: i})
        CREATE (:Rung {key: 'total ' + i, board: 'total', flight: 0, behind: -i, people: 1})
        MERGE (:Flight {key: 'total 0', board: 'total', number: 0, people: 1})
        MERGE (:Tally {lang: 'en'})
        MERGE (:CachedStats {name: 'a'})
        WITH user, i
        UNWIND range(0, $history - 1) AS j
        WITH user, i, j, user.id + ' ' + j AS id
        CREATE (old:Post {id: id, tree: 'old', depth: 1, role: 'assistant', lang: 'en', text: id, accepted: true,
          deleted: false, reviews: 3, created: $then + duration({hours: j}), author: user.id, client: $client,
          frontend_id: id,
          reply_key: user.id + ' old ' + j, edited: false, synthetic: false})
        CREATE (user)-[:WROTE]->(old)
        CREATE (user)-[:TOOK]->(done:Task {id: 'done ' + id, kind: 'assistant_reply', client: $client, ack: 'ack ' + id,
          created: $then, done: $then, collective: false})-[:GAVE]->(old)
        CREATE (user)-[:TOOK]->(:Task {id: 'open ' + id, kind: 'assistant_reply', client: $client, created: $then,
          collective: false, holder: user.id})-[:FOR]->(old)
        CREATE (user)-[:MADE]->(:Review {id: 'review ' + id, key: user.id + ' old ' + j, maker: user.id, spam: 0.0,
          text: '', created: $then})-[:OF]->(old)
        CREATE (user)-[:MADE]->(:Ranking {id: 'ranking ' + id, key: user.id + ' old ' + j, maker: user.id,
          created: $then, order: [0], not_rankable: false})-[:RANKED {position: 0}]->(old)
        CREATE (user)-[:REACTED {emoji: '_skip_reply'}]->(old)
        CREATE (user)-[:REMARKED]->(:Remark {created: $then, text: ''})-[:OF]->(old)
        CREATE (user)-[:MADE]->(:Report {created: $then, text: ''})-[:ABOUT]->(old)
        CREATE (old)-[:FLAGGED]->(:Flag {processed: false})
        """,
        client=CLIENT.id,
        people=WORKERS,
        history=history,
        then=THEN,
    )
    await graph.execute(
        "MATCH (post:Post) CALL (post) { SET post:InEnglish, post.day = format(post.created, 'uuuuMMdd') } "
        "IN TRANSACTIONS OF 5000 ROWS"
    )
    await graph.execute("CALL db.resampleOutdatedIndexes()")


def test_each_hot_statement_is_one_of_ours() -> None:
    assert set(HOT) <= set(catalogue())
    assert Counter(HOT).most_common(1)[0][1] == 1
