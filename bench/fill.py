"""Brings a generated graph into a store: by the bulk importer where the store is ours, else in batches.

Also the check that the generator keeps its word, and the way back: what a measurement has changed is undone, so that
the next one finds the same graph.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from operator import attrgetter
from pathlib import Path
from time import perf_counter
from typing import Any, TextIO, TypeVar

from bench.generate import (
    CLIENT,
    MADE,
    MADE_BY,
    Flag,
    Forest,
    Node,
    Plan,
    Post,
    Ranking,
    Report,
    Review,
    Task,
    Tree,
    User,
    stored,
)
from oa_graph import leaderboards
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.graph import leaderboards as boards
from oa_graph.graph import stats, trees
from oa_graph.graph.session import Graph, milliseconds
from oa_graph.neo4j_server import ManagedNeo4j
from oa_graph.policy import growth, search

T = TypeVar("T")

_COUNTED = 200
"""People whose figures are counted anew, to see how long it takes."""

MARK = "measured-"
"""The frontend's ids of posts that a measurement wrote begin so."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What was made, and how fast."""

    posts: int
    trees: int
    users: int
    replies_wanted: int
    generating_s: float
    """Of it the Python of the generator and the writing of the CSV; of batches the sending too."""
    importing_s: float

    @property
    def posts_per_second(self) -> float:
        return self.posts / (self.generating_s + self.importing_s)


# CSV

_TYPES: Mapping[str, str] = {
    "depth": "long", "reviews": "long", "rank": "long", "consensus_margin": "long", "wants": "long", "goal": "long",
    "max_depth": "long", "max_children": "long", "order": "long[]", "key": "double", "spam": "double",
    "lang_mismatch": "double", "quality": "double", "creativity": "double", "humor": "double", "toxicity": "double",
    "violence": "double", "accepted": "boolean", "deleted": "boolean", "edited": "boolean", "synthetic": "boolean",
    "enabled": "boolean", "show_on_leaderboard": "boolean", "not_rankable": "boolean", "created": "datetime",
    "entered": "datetime", "won_lottery": "datetime", "last_activity": "datetime", "streak_start": "datetime",
    "changed": "datetime", "acked": "datetime", "expires": "datetime", "done": "datetime", "refused": "datetime",
    "skipped": "boolean", "collective": "boolean", "processed": "boolean",
}  # fmt: skip
"""What is not a string."""

_SPACES: Mapping[type[Node], str] = {
    Post: "Given",
    User: "User",
    Tree: "Tree",
    Review: "Given",
    Ranking: "Given",
    Task: "Task",
    Report: "Given",
    Flag: "Flag",
}
"""Where the ids of a kind of node are unique: whatever a task may give has one space."""
_EDGES: Mapping[str, tuple[str, str]] = {
    "REPLY_TO": ("Given", "Given"),
    "WROTE": ("User", "Given"),
    "ROOT": ("Tree", "Given"),
    "MADE": ("User", "Given"),
    "OF": ("Given", "Given"),
    "UNDER": ("Given", "Given"),
    "RANKED": ("Given", "Given"),
    "TOOK": ("User", "Task"),
    "FOR": ("Task", "Given"),
    "GAVE": ("Task", "Given"),
    "OFFERED": ("Task", "Given"),
    "ABOUT": ("Given", "Given"),
    "FLAGGED": ("Given", "Flag"),
    "REACTED": ("User", "Given"),
}
_ON_EDGES: Mapping[str, Sequence[str]] = {
    "RANKED": ["position:long"],
    "OFFERED": ["position:long"],
    "REACTED": ["emoji:string", "created:datetime"],
}
_NAMELESS = frozenset[type[Node]]({Report, Flag})
"""Kinds of node that have no id in the graph."""


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + value.replace('"', '""') + '"'
        case datetime():
            return value.isoformat()
        case tuple():
            return ";".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
        case _:
            return str(value)


class _Files:
    """One CSV file for each label and each type; the first line names the columns."""

    def __init__(self, folder: Path) -> None:
        self._stack = ExitStack()
        self._folder = folder
        self._open: dict[str, TextIO] = {}
        self._getters: dict[type, Callable[[Any], tuple[object, ...]]] = {}
        for shape, space in _SPACES.items():
            names = stored(shape)
            # The importer ends a text at its first line break unless told otherwise; ours have none.
            own = {"key": "string"} if shape in (Review, Ranking) else {}
            types = {"id": f"ID({space})"} | own
            header = [f"{name}:{types.get(name) or _TYPES.get(name, 'string')}" for name in names]
            if shape in _NAMELESS:
                header[0] = f":ID({space})"
            self._start(shape.__name__, header)
            self._getters[shape] = attrgetter(*names)
        for kind, (start, end) in _EDGES.items():
            self._start(kind, [f":START_ID({start})", f":END_ID({end})", *_ON_EDGES.get(kind, ())])

    def _start(self, name: str, header: Sequence[str]) -> None:
        self._open[name] = self._stack.enter_context((self._folder / f"{name}.csv").open("w", encoding="utf-8"))
        self._open[name].write(",".join(header) + "\n")

    def node(self, node: Node) -> None:
        shape = type(node)
        self._open[shape.__name__].write(",".join(map(_cell, self._getters[shape](node))) + "\n")

    def edge(self, kind: str, *cells: object) -> None:
        self._open[kind].write(",".join(map(str, cells)) + "\n")

    def languages(self, forest: Forest) -> None:
        states = [*TreeState]
        self._start("Language", ["tag:ID(Language)", "changed:datetime", *(f"{state}:long" for state in states)])
        for lang, counts in forest.languages.items():
            cells = (lang, MADE, *(counts[state] or None for state in states))
            self._open["Language"].write(",".join(map(_cell, cells)) + "\n")

    def close(self) -> None:
        self._stack.close()

    def nodes(self) -> dict[str, list[Path]]:
        return {name: [self._folder / f"{name}.csv"] for name in self._open if name not in _EDGES}

    def edges(self) -> dict[str, list[Path]]:
        return {name: [self._folder / f"{name}.csv"] for name in _EDGES}


def write_csv(forest: Forest, folder: Path) -> tuple[_Files, int]:
    """The files for the bulk importer, and how many trees are in them."""
    files = _Files(folder)
    try:
        return files, _write(forest, files)
    finally:
        files.close()


def _write(forest: Forest, files: _Files) -> int:
    for user in forest.users:
        files.node(user)
    count = 0
    for tree in forest.trees():
        count += 1
        files.node(tree)
        files.edge("ROOT", tree.id, tree.id)
        for post in tree.posts:
            files.node(post)
            files.edge("WROTE", post.author, post.id)
            if post.parent:
                files.edge("REPLY_TO", post.id, post.parent.id)
        for review in tree.reviews:
            files.node(review)
            files.edge("MADE", review.maker, review.id)
            files.edge("OF", review.id, review.post)
        for ranking in tree.rankings:
            files.node(ranking)
            files.edge("MADE", ranking.maker, ranking.id)
            files.edge("UNDER", ranking.id, ranking.parent)
            for place, post in enumerate(ranking.ranked):
                files.edge("RANKED", ranking.id, post, place)
        _write_story(tree, files)
    files.languages(forest)
    return count


def _write_story(tree: Tree, files: _Files) -> None:
    for task in tree.tasks:
        files.node(task)
        files.edge("TOOK", task.taker, task.id)
        if task.subject:
            files.edge("FOR", task.id, task.subject)
        if task.gave:
            files.edge("GAVE", task.id, task.gave)
        for place, post in enumerate(task.offered):
            files.edge("OFFERED", task.id, post, place)
    for report in tree.reports:
        files.node(report)
        files.edge("MADE", report.maker, report.id)
        files.edge("ABOUT", report.id, report.post)
    for flag in tree.flags:
        files.node(flag)
        files.edge("FLAGGED", flag.post, flag.id)
    for reaction in tree.reactions:
        files.edge("REACTED", reaction.user, reaction.post, reaction.emoji, reaction.created.isoformat())


def by_import(plan: Plan, server: ManagedNeo4j, folder: Path) -> Filled:
    """Makes the store of a server that has none yet; constraints and indexes have to come afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    begun = perf_counter()
    forest = Forest(plan)
    files, count = write_csv(forest, folder)
    written = perf_counter()
    server.import_csv(nodes=files.nodes(), relationships=files.edges())
    for path in folder.glob("*.csv"):
        path.unlink()
    return _filled(plan, forest, count, written - begun, perf_counter() - written)


def _filled(plan: Plan, forest: Forest, trees: int, generating: float, importing: float) -> Filled:
    replies = sum(wants for pool, wants in forest.pools.items() if pool.split("_", 1)[1].startswith("reply"))
    return Filled(
        posts=plan.posts,
        trees=trees,
        users=plan.users,
        replies_wanted=replies,
        generating_s=generating,
        importing_s=importing,
    )


# Batches

_BATCH = 300
"""Trees in one transaction."""


async def by_batches(plan: Plan, graph: Graph) -> Filled:
    """Fills somebody else's server, which has to be empty but for the schema."""
    begun = perf_counter()
    forest, count = Forest(plan), 0
    for users in _batches(forest.users, 5_000):
        await graph.execute(
            "UNWIND $rows AS row CREATE (user:User) SET user = row", rows=[_properties(user) for user in users]
        )
    for batch in _batches(forest.trees(), _BATCH):
        count += len(batch)
        await _send(graph, batch)
    await graph.execute(
        "UNWIND $rows AS row CREATE (language:Language) SET language = row",
        rows=[{"tag": lang, "changed": MADE, **counts} for lang, counts in forest.languages.items()],
    )
    return _filled(plan, forest, count, perf_counter() - begun, 0.0)


async def _send(graph: Graph, batch: Sequence[Tree]) -> None:
    posts = [post for tree in batch for post in tree.posts]
    await graph.execute(
        """
        UNWIND $rows AS row
        MATCH (author:User {id: row.post.author})
        CREATE (author)-[:WROTE]->(post:Post:$(row.label))
        SET post = row.post, post.day = format(post.created, 'uuuuMMdd')
        """,
        rows=[{"post": _properties(post), "label": search.label(post.lang)} for post in posts],
    )
    await graph.execute(
        """
        UNWIND $rows AS row
        MATCH (post:Post {id: row.id}), (parent:Post {id: row.parent})
        CREATE (post)-[:REPLY_TO]->(parent)
        """,
        rows=[{"id": post.id, "parent": post.parent.id} for post in posts if post.parent],
    )
    await graph.execute(
        "UNWIND $rows AS row MATCH (root:Post {id: row.id}) CREATE (tree:Tree)-[:ROOT]->(root) SET tree = row",
        rows=[_properties(tree) for tree in batch],
    )
    await graph.execute(
        """
        UNWIND $rows AS row
        MATCH (maker:User {id: row.node.maker}), (post:Post {id: row.post})
        CREATE (maker)-[:MADE]->(review:Review)-[:OF]->(post) SET review = row.node
        """,
        rows=[{"node": _properties(review), "post": review.post} for tree in batch for review in tree.reviews],
    )
    await graph.execute(
        """
        UNWIND $rows AS row
        MATCH (maker:User {id: row.node.maker}), (parent:Post {id: row.parent})
        CREATE (maker)-[:MADE]->(ranking:Ranking)-[:UNDER]->(parent) SET ranking = row.node
        WITH ranking, row UNWIND range(0, size(row.ranked) - 1) AS place
        MATCH (post:Post {id: row.ranked[place]}) CREATE (ranking)-[:RANKED {position: place}]->(post)
        """,
        rows=[
            {"node": _properties(ranking), "parent": ranking.parent, "ranked": list(ranking.ranked)}
            for tree in batch
            for ranking in tree.rankings
        ],
    )
    await _send_story(graph, batch)


async def _send_story(graph: Graph, batch: Sequence[Tree]) -> None:
    await graph.execute(
        """
        UNWIND $rows AS row
        MATCH (taker:User {id: row.taker})
        CREATE (taker)-[:TOOK]->(task:Task) SET task = row.node
        WITH task, row
        OPTIONAL MATCH (subject:Post {id: row.subject})
        OPTIONAL MATCH (post:Post {id: row.gave})
        OPTIONAL MATCH (review:Review {key: row.review})
        OPTIONAL MATCH (ranking:Ranking {key: row.ranking})
        FOREACH (each IN CASE WHEN subject IS NULL THEN [] ELSE [subject] END | CREATE (task)-[:FOR]->(each))
        FOREACH (each IN CASE WHEN post IS NULL THEN [] ELSE [post] END | CREATE (task)-[:GAVE]->(each))
        FOREACH (each IN CASE WHEN review IS NULL THEN [] ELSE [review] END | CREATE (task)-[:GAVE]->(each))
        FOREACH (each IN CASE WHEN ranking IS NULL THEN [] ELSE [ranking] END | CREATE (task)-[:GAVE]->(each))
        WITH task, row UNWIND range(0, size(row.offered) - 1) AS place
        MATCH (post:Post {id: row.offered[place]}) CREATE (task)-[:OFFERED {position: place}]->(post)
        """,
        rows=[
            {
                "node": _properties(task),
                "taker": task.taker,
                "subject": task.subject,
                "gave": task.gave,
                "review": f"{task.taker} {task.subject}" if task.done and task.kind.startswith("label") else None,
                "ranking": f"{task.taker} {task.subject}" if task.done and task.kind.startswith("rank") else None,
                "offered": list(task.offered),
            }
            for tree in batch
            for task in tree.tasks
        ],
    )
    await graph.execute(
        """
        UNWIND $rows AS row
        MATCH (maker:User {id: row.maker}), (post:Post {id: row.post})
        CREATE (maker)-[:MADE]->(report:Report)-[:ABOUT]->(post) SET report = row.node
        """,
        rows=[
            {"node": _properties(report), "maker": report.maker, "post": report.post}
            for tree in batch
            for report in tree.reports
        ],
    )
    await graph.execute(
        "UNWIND $rows AS row MATCH (post:Post {id: row.post}) CREATE (post)-[:FLAGGED]->(flag:Flag) SET flag = row",
        rows=[_properties(flag) for tree in batch for flag in tree.flags],
    )
    await graph.execute(
        """
        UNWIND $rows AS row
        MATCH (user:User {id: row.user}), (post:Post {id: row.post})
        CREATE (user)-[:REACTED {emoji: row.emoji, created: row.created}]->(post)
        """,
        rows=[asdict(reaction) for tree in batch for reaction in tree.reactions],
    )


def _properties(node: Node) -> dict[str, object]:
    names = stored(type(node))[1:] if type(node) in _NAMELESS else stored(type(node))
    properties = {name: getattr(node, name) for name in names}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in properties.items()}  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


# Is it as the service would have left it?

_PLACES = (
    "MATCH (post:Post {tree: $id}) RETURN post.id AS id, post.pool AS pool, post.wants AS wants, post.key AS key "
    "ORDER BY post.id"
)


async def check(graph: Graph, limits: Limits, *, sample: int = 40) -> list[str]:
    """What does not fit, in words; nothing when the generator kept its word. Changes nothing then.

    Of some trees of each state: the state is the one that the facts lead to, and opening the places that it wants
    changes none. Of all trees: the counters of the languages are right.
    """
    wrong: list[str] = []
    for state in TreeState:
        ids = await graph.execute(
            "MATCH (tree:Tree {state: $state}) RETURN tree.id AS id ORDER BY rand() LIMIT $sample",
            state=state,
            sample=sample,
        )
        for row in ids:
            wrong += await _check_tree(graph, limits, str(row["id"]), state)
    counted = await graph.execute(
        """
        MATCH (tree:Tree) WITH tree.lang AS lang, tree.state AS state, count(*) AS trees
        MATCH (language:Language {tag: lang}) WHERE coalesce(language[state], 0) <> trees
        RETURN lang + ': ' + toString(trees) + ' trees are ' + state AS why
        """
    )
    return wrong + [f"a language counts wrongly, {row['why']}" for row in counted]


async def _check_tree(graph: Graph, limits: Limits, id: str, state: TreeState) -> list[str]:
    facts = await trees.facts(graph, id, limits=limits)
    wrong: list[str] = []
    if facts is None or growth.next_state(facts) is not state:
        wrong.append(f"tree {id} is {state}, against its facts: {facts}")
    before = await graph.execute(_PLACES, id=id)
    await trees.enter_state(graph, id, state, limits=limits, now=datetime.now(UTC))
    after = await graph.execute(_PLACES, id=id)
    return wrong + [
        f"tree {id}, {state}: {dict(old)} became {dict(new)}"
        for old, new in zip(before, after, strict=True)
        if old != new
    ]


# The way back

_ORDER = (TreeState.INITIAL_PROMPT_REVIEW, TreeState.GROWING, TreeState.RANKING)


async def restore(graph: Graph, limits: Limits) -> int:
    """Undoes what tasks have done to posts and trees, so that the next measurement finds the graph as it was filled.

    Only the users keep when they were last seen. Returns how many trees had changed.
    """
    rows = await graph.execute(
        """
        MATCH (task:Task)-[:FOR]->(post:Post) WHERE NOT coalesce(task.ack, '') STARTS WITH $made
        RETURN DISTINCT post.tree AS tree, task.kind AS kind
        """,
        made=MADE_BY,
    )
    states: dict[str, TreeState] = {}
    for row in rows:
        state = _state_for(TaskKind(row["kind"]))
        states[row["tree"]] = min(state, states.get(row["tree"], state), key=_ORDER.index)
    await graph.execute(
        """
        MATCH (post:Post {client: $client}) WHERE post.frontend_id STARTS WITH $mark
        CALL (post) { OPTIONAL MATCH (post)<-[:OF]-(review:Review) DETACH DELETE review, post }
          IN TRANSACTIONS OF 500 ROWS
        """,
        client=CLIENT,
        mark=MARK,
    )
    await graph.execute(
        """
        MATCH (task:Task) WHERE NOT coalesce(task.ack, '') STARTS WITH $made
        CALL (task) {
          OPTIONAL MATCH (task)-[:GAVE]->(given)
          OPTIONAL MATCH (task)-[:FOR]->(post:Post)
          DETACH DELETE task, given
          WITH post WHERE post IS NOT NULL
          SET post.reviews = CASE WHEN post.accepted IS NULL OR post.pool IS NOT NULL OR EXISTS { (post)<-[:OF]-() }
            THEN COUNT { (post)<-[:OF]-(:Review) } ELSE post.reviews END
          SET post.accepted = CASE WHEN post.reviews < $quota THEN null ELSE post.accepted END,
            post.key = CASE WHEN post.key >= 1 THEN rand() ELSE post.key END
        } IN TRANSACTIONS OF 500 ROWS
        """,
        quota=limits.num_reviews_reply,
        made=MADE_BY,
    )
    await graph.execute("MATCH (credit:Credit) CALL (credit) { DELETE credit } IN TRANSACTIONS OF 5000 ROWS")
    await graph.execute(
        """
        UNWIND $ids AS id MATCH (post:Post {tree: id})
        SET post.rank = null, post.consensus_margin = null
        """,
        ids=[id for id, state in states.items() if state is TreeState.RANKING],
    )
    await _enter(graph, limits, states)
    return len(states)


async def _enter(graph: Graph, limits: Limits, states: Mapping[str, TreeState]) -> None:
    left = list(states.items())

    async def work() -> None:
        while left:
            id, state = left.pop()
            await trees.enter_state(graph, id, state, limits=limits, now=datetime.now(UTC))

    await asyncio.gather(*(work() for _ in range(4)))


def _state_for(kind: TaskKind) -> TreeState:
    match kind.value.split("_"):
        case ["label", "initial", "prompt"]:
            return TreeState.INITIAL_PROMPT_REVIEW
        case ["rank", _, "replies"]:
            return TreeState.RANKING
        case _:
            return TreeState.GROWING


async def replies_wanted(graph: Graph) -> int:
    """How many replies could be handed out now."""
    rows = await graph.execute(
        """
        UNWIND ['assistant_reply ', 'prompter_reply '] AS kind
        MATCH (post:Post) WHERE post.pool STARTS WITH kind AND post.key < 1
        RETURN coalesce(sum(post.wants), 0) AS wanted
        """
    )
    return int(rows[0]["wanted"])


async def boards_filled(graph: Graph) -> float:
    """Gives everybody scores, made up and not counted, but for a few people; returns how many of those in a second."""
    await graph.execute("MATCH (n:Score|Slot) CALL (n) { DELETE n } IN TRANSACTIONS OF 10000 ROWS")
    await graph.execute(
        """
        MATCH (user:User) WHERE user.method <> 'system'
        CALL (user) {
          UNWIND [['day', 20], ['week', 200], ['month', 900], ['total', 6000]] AS frame
          WITH user, frame[0] AS frame, toInteger(rand() * rand() * frame[1]) AS points
          CREATE (:Score {
            key: user.id + ' ' + frame, user: user.id, frame: frame, board: frame, enabled: true, behind: -points,
            troll_behind: -toInteger(rand() * 20), labels_simple: points, modified: $now_ms
          })
        } IN TRANSACTIONS OF 2000 ROWS
        """,
        now_ms=milliseconds(datetime.now(UTC)),
    )
    await boards.waiting(graph, None)
    await stats.set_tallies(graph, await stats.count_posts(graph))
    await boards.set_score_buckets(graph)
    people = [user.id for user in await boards.scored_users(graph, after="", limit=_COUNTED)]
    begun = perf_counter()
    await graph.transact(lambda tx: leaderboards.recount(tx, people, now=datetime.now(UTC)))
    return len(people) / (perf_counter() - begun)


async def some_posts(graph: Graph, count: int) -> list[str]:
    """Posts of any sort whose conversation can be shown, drawn evenly."""
    starts = [random.random() for _ in range(8)]
    rows = await graph.execute(
        """
        UNWIND $starts AS start
        CALL (start) {
          MATCH (post:Post) WHERE post.id >= substring('0123456789abcdef', toInteger(start * 16), 1)
          WITH post ORDER BY post.id LIMIT $count
          WHERE post.accepted AND NOT post.deleted
          RETURN post.id AS id
        }
        RETURN id
        """,
        starts=starts,
        count=count // len(starts),
    )
    return [str(row["id"]) for row in rows]
