"""Every statement is what its header says and starts from keys; hot ones cost the same in a graph four times as large.

Plans are looked at twice: as made for an empty graph, since a server keeps the plans of its first minutes, and as made
for a graph that holds some of everything.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, LiteralString, TypeVar, cast

import pytest
from neo4j import AsyncTransaction

from oa_graph.context import Context
from oa_graph.domain.limits import Limits
from oa_graph.domain.listings import Bound, PageRange, PostFilter
from oa_graph.domain.tasks import TaskKind
from oa_graph.graph import posts, tasks, users
from oa_graph.graph.saved_queries import saved_queries
from oa_graph.graph.session import Graph, Row, Tx, native
from oa_graph.graph.statements import Statement, catalogue
from oa_graph.policy import sampling, search
from oa_graph.tasks import Tasks
from tests.builders import CLIENT, answer_for, person

pytestmark = pytest.mark.anyio

T = TypeVar("T")

FORBIDDEN = ("AllNodesScan", "NodeByLabelScan", "CartesianProduct", "RelationshipTypeScan", "AllRelationshipsScan")

_TYPE = re.compile(r"^(ZONED DATETIME|LIST<.+?>+|[A-Z]+)(?= |$)")
_COMMENT = re.compile(r"//[^\n]*")
_PARAMETER = re.compile(r"\$given\.(\w+)")


def explained(query: Statement, *, how: str = "EXPLAIN") -> LiteralString:
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
    match = _TYPE.match(meaning)
    assert match, meaning
    return match[1]


def details(plan: Mapping[str, Any]) -> Iterator[str]:
    yield str(plan["args"].get("Details", ""))
    for child in plan.get("children", ()):
        yield from details(child)


def operators(plan: Mapping[str, Any]) -> Iterator[str]:
    yield str(plan["operatorType"]).partition("@")[0]
    for child in plan.get("children", ()):
        yield from operators(child)


@pytest.mark.parametrize("query", catalogue().values(), ids=catalogue())
def test_a_statement_declares_what_it_uses(query: Statement) -> None:
    used = set(_PARAMETER.findall(_COMMENT.sub("", query.text)))
    assert used == set(query.inputs)
    assert (query.rows == "none") == (not query.outputs)
    assert query.gist
    assert query.cost
    for name, meaning in {**query.inputs, **query.outputs}.items():
        assert _TYPE.match(meaning), f"{name} has no type"


@pytest.mark.parametrize("query", catalogue().values(), ids=catalogue())
def test_a_walk_is_bounded(query: Statement) -> None:
    code = _COMMENT.sub("", query.text)
    assert not re.search(r"\]-[>]?(\*|\+|\{\d*,\})", code)
    assert not re.search(r"\[[^\]]*\*(\]|\d+\.\.\])", code)


@dataclass(frozen=True, slots=True)
class Explained:
    """What a server says of a statement before it runs."""

    columns: list[str]
    query_type: str | None
    plan: Mapping[str, Any]


class Planner:
    """Explains statements on a graph, each once: making a plan takes longer than all that is checked in it."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[str, Explained] = {}

    async def explain(self, query: Statement, ending: LiteralString = "") -> Explained:
        text = explained(query) + ending
        if text not in self._known:
            parameters = {name: example(declared_type(meaning)) for name, meaning in query.inputs.items()}
            async with self._graph.session() as session:
                result = await session.run(text, query.sent({"limit": 1, **parameters} if ending else parameters))
                columns = list(result.keys())
                summary = await result.consume()
            plan = cast("Mapping[str, Any]", summary.plan)
            self._known[text] = Explained(columns, summary.query_type, plan)
        return self._known[text]


@pytest.fixture(scope="module", params=["empty", "filled"])
async def planned(connected: Graph, request: pytest.FixtureRequest) -> Planner:
    await empty(connected)
    if request.param == "filled":
        await fill(connected, trees=200, history=20)
    await connected.execute("CALL db.clearQueryCaches()")
    return Planner(connected)


@pytest.mark.parametrize("query", catalogue().values(), ids=catalogue())
async def test_the_plan_of_a_statement_starts_from_keys(planned: Planner, query: Statement) -> None:
    known = await planned.explain(query)
    assert set(known.columns) == set(query.outputs)
    assert known.query_type in ({"read": ("r",), "write": ("rw", "w")}[query.mode])
    if query.cost.startswith("scan"):
        return
    assert [operator for operator in operators(known.plan) if any(word in operator for word in FORBIDDEN)] == []


FIXED = {"id", "tag", "tree", "client", "ack", "role", "token_hash", "author", "created"}
"""What never changes while a node is in hand: an ack is given once, and who reads by it already has it.

Authors change when users are merged; statements that credit them look at them first behind the lock of the post.
"""

_FROM_BEFORE = "PropertiesUsingCachedProperties"
_NAME = re.compile(r"PropertyKeyName\((\w+)\)")


@pytest.mark.parametrize("query", catalogue().values(), ids=catalogue())
async def test_what_is_checked_under_a_lock_is_not_from_before_it(planned: Planner, query: Statement) -> None:
    plan = (await planned.explain(query)).plan
    kept = {name for detail in details(plan) if _FROM_BEFORE in detail for name in _NAME.findall(detail)}
    assert kept <= FIXED


@pytest.mark.parametrize("name", ["posts/newest", "posts/oldest"])
async def test_a_page_is_read_in_the_order_of_an_index_and_never_sorted_as_a_whole(planned: Planner, name: str) -> None:
    plan = (await planned.explain(catalogue()[name])).plan
    leaves = list(branches(plan))
    assert {index for _, index in leaves} == {
        "author, created",
        "client, created",
        "lang, created",
        "client, lang, created",
        "created",
    }
    assert {sorting for sorting, _ in leaves} == {"PartialTop"}


@pytest.mark.parametrize(("name", "property"), [("users/by_name", "name"), ("users/by_display_name", "display_name")])
async def test_a_page_of_users_is_read_in_the_order_of_an_index_and_names_are_never_sorted_in_memory(
    planned: Planner, name: str, property: str
) -> None:
    """An index orders names by code points, memory orders them as UTF-16: a page cut in memory loses users."""
    plan = (await planned.explain(catalogue()[name])).plan
    one_way = [("", f"client, {property}"), ("", property)]
    assert sorted(branches(plan)) == sorted([*one_way, *one_way])


SORTS_PARTS = "sorts nothing beyond a tree"


@pytest.mark.parametrize("limit", ["", "\nLIMIT $given.limit"], ids=["all", "limited"])
@pytest.mark.parametrize("query", saved_queries(), ids=lambda query: query.short)
async def test_what_is_sorted_as_a_whole_is_said_in_the_cost(
    planned: Planner, query: Statement, limit: LiteralString
) -> None:
    """Of answers about single trees, people and texts, whose rows grow with the graph; others are a few groups."""
    plan = (await planned.explain(query, limit)).plan
    sorts = [name for name in spine(plan) if re.search("Sort|Top", name)]
    is_whole = any(not name.startswith("Partial") for name in sorts)
    if SORTS_PARTS in query.cost:
        assert not is_whole
    elif next(iter(query.outputs)) in ("tree", "person", "replier", "text"):
        assert "sorts" in query.cost


def test_pairs_and_threads_are_streamed_in_the_order_of_the_trees() -> None:
    streamed = {query.short for query in saved_queries() if SORTS_PARTS in query.cost}
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
    if match := re.search(r"RANGE INDEX \w+:\w+\(([\w, ]+)\)", str(plan["args"].get("Details", ""))):
        yield sorting, match[1]
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
        rows: list[Row] = [native(record.data()) async for record in result]
        summary = await result.consume()
        self.hits[name].append(hits(cast("Mapping[str, Any]", summary.profile)))  # pyright: ignore[reportUnknownMemberType]
        return rows

    async def transact(self, work: Callable[[Tx], Awaitable[T]], *, no_timeout: bool = False) -> T:
        return await work(self)

    async def dry_run(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        return await work(self)


def hits(plan: Mapping[str, Any]) -> int:
    return int(plan["args"].get("DbHits", 0)) + sum(hits(child) for child in plan.get("children", ()))


WORKERS = 12

THEN = datetime(2026, 1, 1, tzinfo=UTC)
"""When the graph began."""

LIMITS = Limits(max_pending_tasks_per_user=10**6)

HOT = (
    "tasks/lease_uniform",
    "tasks/acknowledge",
    "tasks/submit_text",
    "tasks/submit_review",
    "tasks/submit_ranking",
    "tasks/count_available",
    "tasks/occupancy",
    "tasks/refuse",
    "posts/thread",
    "posts/post",
    "posts/by_frontend_id",
    "posts/children",
    "posts/tree",
    "posts/descendants",
    "posts/longest_thread",
    "posts/most_replies",
    "posts/newest",
    "posts/oldest",
    "posts/newest_hits",
    "posts/oldest_hits",
    "users/with_username",
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
    await posts.by_frontend_id(store, f"user {i} 7", client=CLIENT.id)
    authors = tuple(await users.with_username(store, client=None, method="local", name=f"worker {i}"))
    start = Bound(THEN + timedelta(hours=7 * i), None)
    for desc in (False, True):
        for among in (
            PostFilter(),
            PostFilter(lang="en"),
            PostFilter(client=CLIENT.id),
            PostFilter(client=CLIENT.id, lang="en"),
            PostFilter(authors=authors, lang="en", client=CLIENT.id),
            PostFilter(lang="en", only_roots=True),
        ):
            for low, high in ((None, None), (start, None), (None, Bound(THEN + timedelta(days=4), None))):
                await posts.page(
                    store, PageRange(low, high, desc=desc, limit=11), among=among, viewer=None, with_user=True
                )
        for typed in ("tree", "20", '"user 3"'):
            among = PostFilter(lang="en")
            asked = search.query(typed, "en", among)
            await posts.page(store, PageRange(None, None, desc=desc, limit=11), among=among, viewer=None, search=asked)


async def play(store: Profiler) -> None:
    """Some of the people who have a history do one of each kind of work."""
    played = Tasks(Context(store=store, limits=LIMITS, rng=Random(3)))
    for i in range(WORKERS):
        who = person(f"worker {i}")
        await browse(store, i)
        await tasks.count_available(
            store,
            client=CLIENT,
            user=who,
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
            skipped = await played.request(kind, client=CLIENT, user=who)
            await played.refuse(skipped.id, client=CLIENT)
            task = await played.request(kind, client=CLIENT, user=who)
            await played.acknowledge(task.id, message_id=f"ack {task.id}", client=CLIENT)
            await posts.thread(store, task.thread[-1].id, viewer=None)
            answer = answer_for(task)
            if task.form is None and not task.candidates:
                answer = replace(answer, text=f"A new text for {task.id}.")
            await played.submit(answer, client=CLIENT, user=who)


async def costs(graph: Graph, *, trees: int, history: int) -> dict[str, float]:
    """The mean database hits of each hot statement."""
    await empty(graph)
    await fill(graph, trees=trees, history=history)
    async with graph.session() as session, await session.begin_transaction() as transaction:
        profiler = Profiler(transaction)
        await play(profiler)
        await transaction.rollback()
    return {name: sum(counts) / len(counts) for name, counts in profiler.hits.items()}


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
        MATCH (tree:Tree {state: 'growing'}) MATCH (post:Post {tree: tree.id}) WHERE post.depth = 1 AND post.accepted
        SET post.vote_pool = 'decide_end en', post.vote_key = rand(), post.votes_wanted = 3
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
        CREATE (:ScoreBucket {key: 'total ' + i, board: 'total', range: 0, behind: -i, people: 1})
        MERGE (:ScoreRange {key: 'total 0', board: 'total', number: 0, people: 1})
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
        CREATE (user)-[:MADE]->(:EndVote {id: 'vote ' + id, key: user.id + ' old ' + j, maker: user.id, ends: true,
          created: $then})-[:VOTES_ON]->(old)
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
