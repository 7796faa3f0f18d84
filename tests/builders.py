"""Small trees and people, written the way they look; what a test does not state is filled in here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeAlias, TypeVar
from uuid import uuid4

from oa_graph import boards, protocol
from oa_graph.errors import OaGraphError
from oa_graph.graph import stats, trees, users
from oa_graph.graph.session import Graph
from oa_graph.graph.watch import Watch, watching
from oa_graph.model import (
    AuthMethod,
    Client,
    Frame,
    LabelAnswer,
    Lease,
    Limits,
    Person,
    RankingAnswer,
    Task,
    TaskKind,
    TaskRequest,
    TextAnswer,
    TreeState,
    User,
)
from oa_graph.policy import search

T = TypeVar("T")

CLIENT = Client(id="client", description="of the tests", trusted=True, capabilities=("rank_initial_prompts",))

Shape: TypeAlias = "Mapping[str, Shape]"
"""A tree: the text of each post, and below it its replies. A text that begins with '?' is undecided, with '!' rejected,
with '-' deleted."""


def questions(count: int, answer: str | None = None, *, undecided: bool = False) -> list[Shape]:
    """Trees of one prompt each, with one answer if given."""
    return [{f"{'?' * undecided}Question {i}?": {} if answer is None else {f"{answer} {i}": {}}} for i in range(count)]


def person(name: str) -> Person:
    return Person(method=AuthMethod.LOCAL, name=name, display_name=name.title())


ADA, BOB, CAT, DAN, EVE = (person(name) for name in ("ada", "bob", "cat", "dan", "eve"))


@dataclass(frozen=True, slots=True)
class Planted:
    """The trees that were planted: ids by text."""

    ids: Mapping[str, str]

    def __getitem__(self, text: str) -> str:
        return self.ids[text]


async def plant(
    graph: Graph,
    *shapes: Shape,
    state: TreeState = TreeState.GROWING,
    limits: Limits | None = None,
    author: Person | None = None,
    lang: str = "en",
    **fields: object,
) -> Planted:
    """Plants trees in a state and opens the places that the state wants. `author` None: the system wrote them."""
    limits = limits or Limits()
    now = datetime.now(UTC)
    rows: list[dict[str, object]] = []
    roots: list[str] = []

    def grow(shape: Shape, parent: dict[str, object] | None) -> None:
        for marked, below in shape.items():
            text = marked.lstrip("?!-")
            id = str(uuid4())
            row: dict[str, object] = {
                "id": id,
                "tree": parent["tree"] if parent else id,
                "parent": parent["id"] if parent else None,
                "text": text,
                "depth": int(str(parent["depth"])) + 1 if parent else 0,
                "role": "assistant" if parent and parent["role"] == "prompter" else "prompter",
                "accepted": {"?": None, "!": False}.get(marked[0], True),
                "deleted": marked[0] == "-",
            }
            rows.append(row)
            if parent is None:
                roots.append(id)
            grow(below, row)

    for shape in shapes:
        grow(shape, None)
    await graph.execute(
        """
        UNWIND $rows AS row
        CREATE (post:Post:$($label) {id: row.id, tree: row.tree, text: row.text, depth: row.depth, role: row.role,
          lang: $lang, accepted: row.accepted, deleted: row.deleted, reviews: 0, created: $now, edited: false,
          synthetic: false, day: format($now, 'uuuuMMdd')})
        WITH row, post
        CALL (row, post) { WITH * WHERE row.parent IS NOT NULL
          MATCH (parent:Post {id: row.parent}) CREATE (post)-[:REPLY_TO]->(parent) }
        """,
        rows=rows,
        lang=lang,
        label=search.label(lang),
        now=now,
    )
    if author is not None:
        await graph.execute(
            """
            MERGE (user:User {client: $client, method: $method, name: $name})
              ON CREATE SET user.id = randomUUID(), user.display_name = $name, user.enabled = true,
                user.deleted = false, user.notes = '', user.show_on_leaderboard = true, user.created = $now
            WITH user UNWIND $ids AS id MATCH (post:Post {id: id})
            SET post.author = user.id CREATE (user)-[:WROTE]->(post)
            """,
            client=CLIENT.id,
            method=author.method,
            name=author.name,
            ids=[row["id"] for row in rows],
            now=now,
        )
    await graph.execute(
        """
        UNWIND $roots AS root
        MATCH (post:Post {id: root})
        CREATE (tree:Tree {id: root, state: 'planted', lang: $lang, goal: $goal, max_depth: $max_depth,
          max_children: $max_children, created: $now})-[:ROOT]->(post)
        SET tree += $fields
        """,
        roots=roots,
        lang=lang,
        goal=limits.goal_tree_size,
        max_depth=limits.max_tree_depth,
        max_children=limits.max_children_count,
        now=now,
        fields=fields,
    )
    for root in roots:
        await trees.enter_state(graph, root, state, limits=limits, now=now)
    return Planted({str(row["text"]): str(row["id"]) for row in rows})


class Hands:
    """Somebody who works: asks, acknowledges, answers, with the least that each step needs."""

    def __init__(self, graph: Graph, limits: Limits, rng: Random, who: Person, client: Client = CLIENT) -> None:
        self.graph, self.limits, self.rng, self.who, self.client = graph, limits, rng, who, client

    async def ask(self, kind: TaskKind | None = None, *, lang: str = "en", collective: bool = False) -> Task:
        ask = TaskRequest(self.client, self.who, kind, lang, collective)
        return await protocol.hand_out(self.graph, self.limits, rng=self.rng, ask=ask)

    async def ack(self, task: Task, ack: str | None = None, *, user: User | None = None) -> str:
        ack = ack or f"ack {task.id}"
        await self.renew(task, ack, user=user)
        return ack

    async def renew(self, task: Task, ack: str | None = None, *, user: User | None = None) -> Lease | None:
        """Acknowledges a task; returns its lease."""
        return await protocol.acknowledge(
            self.graph, self.limits, client=self.client, task_id=task.id, ack=ack or f"ack {task.id}", user=user
        )

    async def skip(self, task: Task, *, user: User | None = None) -> None:
        await protocol.refuse(
            self.graph, self.limits, rng=self.rng, client=self.client, task_id=task.id, reason="not now", user=user
        )

    async def user(self, **changes: object) -> User:
        """The user behind the hands, with some changes made."""
        return await users.upsert(
            self.graph, client=self.client.id, person=self.who, id=str(uuid4()), now=datetime.now(UTC), changes=changes
        )

    async def available(self, *, lang: str = "en") -> dict[str, int]:
        return await protocol.availability(self.graph, self.limits, client=self.client, person=self.who, lang=lang)

    async def settle(self, answer: TextAnswer | RankingAnswer | LabelAnswer) -> str:
        return await protocol.settle(
            self.graph, self.limits, rng=self.rng, client=self.client, person=self.who, answer=answer
        )

    async def write(self, task: Task, text: str | None = None, *, frontend_id: str | None = None) -> str:
        ack = await self.ack(task)
        return await self.settle(text_for(task, ack, text, frontend_id=frontend_id))

    async def rank(self, task: Task, order: tuple[int, ...] | None = None, *, not_rankable: bool = False) -> str:
        ack = await self.ack(task)
        return await self.settle(RankingAnswer(ack, order or tuple(range(len(task.candidates))), not_rankable))

    async def label(self, task: Task, *, spam: float = 0.0, **labels: float) -> str:
        await self.ack(task)
        return await self.settle(labels_for(task, spam=spam, **labels))

    async def report(self, post: str, why: str = "This is rude.") -> None:
        await self.settle(LabelAnswer(None, post, why, {}, is_report=True))

    async def review(self, kind: TaskKind, *, spam: float = 0.0) -> str:
        """Reviews whatever post of this kind comes next; returns its id."""
        task = await self.ask(kind)
        await self.label(task, spam=spam)
        return task.thread[-1].id


def text_for(
    task: Task,
    ack: str | None = None,
    text: str | None = None,
    *,
    frontend_id: str | None = None,
    lang: str | None = None,
) -> TextAnswer:
    """A text that answers a task which was acknowledged as `Hands.ack` does it."""
    return TextAnswer(ack or f"ack {task.id}", frontend_id or f"post {task.id}", text or f"A text for {task.id}.", lang)


def ranking_for(task: Task, *order: int, not_rankable: bool = False) -> RankingAnswer:
    """An order that answers a task which was acknowledged as `Hands.ack` does it; as shown unless given."""
    return RankingAnswer(f"ack {task.id}", order or tuple(range(len(task.candidates))), not_rankable)


def labels_for(task: Task, *, spam: float = 0.0, **labels: float) -> LabelAnswer:
    return LabelAnswer(task.id, task.thread[-1].id, "", {"spam": spam, **labels}, is_report=False)


def answer_for(task: Task) -> TextAnswer | RankingAnswer | LabelAnswer:
    """A right answer, whatever the task asks for."""
    if task.form is not None:
        return labels_for(task)
    return ranking_for(task) if task.candidates else text_for(task)


@dataclass(slots=True)
class Sent:
    """A `Watch` that remembers the names of statements."""

    names: list[str] = field(default_factory=list[str])
    request: str = "of-a-test"

    def statement(self, name: str, seconds: float, outcome: str) -> None:
        self.names.append(name)

    def again(self) -> None:
        self.names.append("sent again")

    def session(self, change: int) -> None: ...

    def task(self, kind: str, outcome: str) -> None: ...


Observer = TypeVar("Observer", bound=Watch)


@contextmanager
def observing(observer: Observer) -> Generator[Observer]:
    """Tells of what is sent inside. In the test's own context: that of a fixture is another."""
    token = watching.set(observer)
    yield observer
    watching.reset(token)


def sent_statements() -> AbstractContextManager[Sent]:
    """The statements that are sent inside."""
    return observing(Sent())


async def lapse(graph: Graph, *tasks: Task) -> None:
    """Lets the reservations of some tasks run out, or of all when none is named."""
    await graph.execute(
        """
        MATCH (task:Task)-[lease:LEASES]->(place) WHERE $tasks = [] OR task.id IN $tasks
        SET lease.until = 1
        WITH place WHERE place.key >= 1
        SET place.key = 1
        """,
        tasks=[each.id for each in tasks],
    )


async def figures(graph: Graph, name: str, frame: Frame = Frame.TOTAL) -> dict[str, int]:
    """What a user of the tests' client has in a frame, once everything that waits is put there."""
    await boards.catch_up(graph, now=datetime.now(UTC))
    (row,) = await graph.execute(
        "MATCH (u:User {client: $client, name: $name}) RETURN u.id", client=CLIENT.id, name=name
    )
    placed = {each.frame: each.score for each in await stats.scores(graph, row["u.id"])}
    found = placed[frame]
    return dict(found.figures) if found else {}


async def expire(graph: Graph, task: Task) -> None:
    """Lets a task's validity run out."""
    await graph.execute(
        "MATCH (task:Task {id: $id}) SET task.expires = $then", id=task.id, then=datetime.now(UTC) - timedelta(hours=1)
    )


async def snapshot(graph: Graph) -> list[str]:
    """All that the graph holds but its schema, as lines that can be compared."""
    nodes = await graph.execute(
        "MATCH (n) WHERE NOT n:Schema RETURN elementId(n) + ' ' + head(labels(n)) AS name, properties(n) AS properties"
    )
    edges = await graph.execute(
        "MATCH (a)-[e]->(b) "
        "RETURN elementId(a) + ' ' + type(e) + ' ' + elementId(b) AS name, properties(e) AS properties"
    )
    return sorted(f"{row['name']} {sorted(row['properties'].items())}" for row in [*nodes, *edges])


async def state_of(graph: Graph, post: str) -> TreeState:
    return (await trees.tree_of(graph, post)).state


async def at_once(works: Iterable[Awaitable[T]]) -> tuple[list[T], list[OaGraphError]]:
    """Starts all works together; what they returned, and what they raised."""
    found: list[T | BaseException] = await asyncio.gather(*works, return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException) and not isinstance(each, OaGraphError):
            raise each
    done = [each for each in found if not isinstance(each, BaseException)]
    return done, [each for each in found if isinstance(each, OaGraphError)]
