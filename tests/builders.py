"""Small trees and people, written the way they look; what a test does not state is filled in here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeAlias, TypeVar
from uuid import uuid4

from oa_graph import leaderboards
from oa_graph.context import Clock, Context, utc_now
from oa_graph.domain.limits import Limits, Quota
from oa_graph.domain.scores import TimeFrame
from oa_graph.domain.tasks import (
    Answer,
    EndVoteAnswer,
    LabelAnswer,
    Lease,
    OpenTask,
    RankingAnswer,
    Task,
    TaskKind,
    TextAnswer,
)
from oa_graph.domain.trees import TreeState
from oa_graph.domain.users import ApiClient, AuthMethod, User, UserIdentity
from oa_graph.errors import OaGraphError
from oa_graph.graph import leaderboards as boards
from oa_graph.graph import trees, users
from oa_graph.graph.session import Graph, Tx
from oa_graph.graph.telemetry import Observer, watching
from oa_graph.policy import search
from oa_graph.tasks import Tasks

T = TypeVar("T")

CLIENT = ApiClient(
    id="client", description="of the tests", trusted=True, capabilities=("rank_initial_prompts", "end_vote")
)

Shape: TypeAlias = "Mapping[str, Shape]"
"""A tree: the text of each post, and below it its replies. A text that begins with '?' is undecided, with '!' rejected,
with '-' deleted, with '=' accepted and asked about whether it ends its conversation."""


def questions(count: int, answer: str | None = None, *, undecided: bool = False) -> list[Shape]:
    """Trees of one prompt each, with one answer if given."""
    return [{f"{'?' * undecided}Question {i}?": {} if answer is None else {f"{answer} {i}": {}}} for i in range(count)]


def person(name: str) -> UserIdentity:
    return UserIdentity(method=AuthMethod.LOCAL, name=name, display_name=name.title())


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
    author: UserIdentity | None = None,
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
            text = marked.lstrip("?!-=")
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
                "votes_wanted": limits.num_end_votes if marked[0] == "=" else None,
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
          synthetic: false, day: format($now, 'uuuuMMdd'), votes_wanted: row.votes_wanted,
          vote_pool: CASE WHEN row.votes_wanted IS NOT NULL THEN 'decide_end ' + $lang END,
          vote_key: CASE WHEN row.votes_wanted IS NOT NULL THEN rand() END})
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


def context_of(graph: Graph, limits: Limits, rng: Random) -> Context:
    """A context whose clock follows nothing."""
    return Context(store=graph, limits=limits, rng=rng)


class Worker:
    """A user at work: requests, acknowledges, answers, with the least that each step needs."""

    def __init__(
        self, graph: Graph, limits: Limits, rng: Random, who: UserIdentity, client: ApiClient = CLIENT
    ) -> None:
        self.graph, self.limits, self.rng, self.who, self.client = graph, limits, rng, who, client
        self.clock: Clock = utc_now

    @property
    def tasks(self) -> Tasks:
        return Tasks(replace(context_of(self.graph, self.limits, self.rng), clock=self.clock))

    async def ask(
        self,
        kind: TaskKind | None = None,
        *,
        lang: str = "en",
        langs: Sequence[str] = (),
        collective: bool = False,
        key: str | None = None,
        quotas: Sequence[Quota] = (),
    ) -> Task:
        return await self.tasks.request(
            kind,
            lang=lang,
            langs=langs,
            collective=collective,
            client=self.client,
            user=self.who,
            quotas=quotas,
            idempotency_key=key,
        )

    async def ack(self, task: Task, ack: str | None = None, *, user: User | None = None) -> str:
        ack = ack or f"ack {task.id}"
        await self.renew(task, ack, user=user)
        return ack

    async def renew(self, task: Task, ack: str | None = None, *, user: User | None = None) -> Lease | None:
        """Acknowledge a task; return its lease."""
        message_id = ack or f"ack {task.id}"
        return await self.tasks.acknowledge(task.id, message_id=message_id, client=self.client, user=user)

    async def keep(self, task: Task, *, user: User | None = None) -> Lease | None:
        """Renew the lease of a task while the user is at work."""
        return await self.tasks.renew(task.id, client=self.client, user=user)

    async def open_tasks(self) -> list[OpenTask]:
        return await self.tasks.open(await self.user())

    async def open_task(self, task: Task) -> OpenTask:
        return await self.tasks.open_task(task.id, user=await self.user())

    async def skip(self, task: Task, *, user: User | None = None) -> None:
        await self.tasks.refuse(task.id, reason="not now", client=self.client, user=user)

    async def user(self, **changes: object) -> User:
        """The user, with some changes made."""
        return await users.upsert(
            self.graph, client=self.client.id, user=self.who, id=str(uuid4()), now=datetime.now(UTC), changes=changes
        )

    async def available(self, *, lang: str = "en") -> dict[str, int]:
        return await self.tasks.availability(lang=lang, client=self.client, user=self.who)

    async def settle(self, answer: Answer) -> str:
        return await self.tasks.submit(answer, client=self.client, user=self.who)

    async def write(self, task: Task, text: str | None = None, *, frontend_id: str | None = None) -> str:
        ack = await self.ack(task)
        return await self.settle(text_for(task, ack, text, frontend_id=frontend_id))

    async def rank(self, task: Task, order: tuple[int, ...] | None = None, *, not_rankable: bool = False) -> str:
        ack = await self.ack(task)
        return await self.settle(RankingAnswer(ack, order or tuple(range(len(task.candidates))), not_rankable))

    async def label(self, task: Task, *, spam: float = 0.0, **labels: float) -> str:
        await self.ack(task)
        return await self.settle(labels_for(task, spam=spam, **labels))

    async def vote(self, *, ends: bool) -> str:
        """Votes on whatever conversation comes next; returns the id of its last post."""
        task = await self.ask(TaskKind.DECIDE_END)
        await self.settle(EndVoteAnswer(await self.ack(task), ends))
        return task.thread[-1].id

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
    """A text that answers a task which was acknowledged as `Worker.ack` does it."""
    return TextAnswer(ack or f"ack {task.id}", frontend_id or f"post {task.id}", text or f"A text for {task.id}.", lang)


def ranking_for(task: Task, *order: int, not_rankable: bool = False) -> RankingAnswer:
    """An order that answers a task which was acknowledged as `Worker.ack` does it; as shown unless given."""
    return RankingAnswer(f"ack {task.id}", order or tuple(range(len(task.candidates))), not_rankable)


def labels_for(task: Task, *, spam: float = 0.0, **labels: float) -> LabelAnswer:
    return LabelAnswer(task.id, task.thread[-1].id, "", {"spam": spam, **labels}, is_report=False)


def answer_for(task: Task) -> Answer:
    """A right answer, whatever the task asks for."""
    if task.kind is TaskKind.DECIDE_END:
        return EndVoteAnswer(f"ack {task.id}", ends=False)
    if task.form is not None:
        return labels_for(task)
    return ranking_for(task) if task.candidates else text_for(task)


@dataclass(slots=True)
class Sent:
    """A `Observer` that remembers the names of statements."""

    names: list[str] = field(default_factory=list[str])
    request: str = "of-a-test"

    def statement(self, name: str, seconds: float, outcome: str) -> None:
        self.names.append(name)

    def again(self) -> None:
        self.names.append("sent again")

    def session(self, change: int) -> None: ...

    def task(self, kind: str, outcome: str) -> None: ...


AnyObserver = TypeVar("AnyObserver", bound=Observer)


@contextmanager
def observing(observer: AnyObserver) -> Generator[AnyObserver]:
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
        MATCH (task:Task)-[lease:LEASES|LEASES_VOTE]->(place) WHERE $tasks = [] OR task.id IN $tasks
        SET lease.until = 1
        SET place.key = CASE WHEN place.key < 1 THEN place.key WHEN place.key >= 1 THEN 1 END,
          place.vote_key = CASE WHEN place.vote_key < 1 THEN place.vote_key WHEN place.vote_key >= 1 THEN 1 END
        """,
        tasks=[task.id for task in tasks],
    )


async def figures(graph: Graph, name: str, frame: TimeFrame = TimeFrame.TOTAL) -> dict[str, int]:
    """What a user of the tests' client has in a frame, once everything that waits is put there."""
    await leaderboards.apply_due_credits(graph, now=datetime.now(UTC))
    (row,) = await graph.execute(
        "MATCH (u:User {client: $client, name: $name}) RETURN u.id", client=CLIENT.id, name=name
    )
    placed = {entry.frame: entry.score for entry in await boards.scores(graph, row["u.id"])}
    score = placed[frame]
    return dict(score.figures) if score else {}


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
    outcomes: list[T | BaseException] = await asyncio.gather(*works, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, OaGraphError):
            raise outcome
    done = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    return done, [outcome for outcome in outcomes if isinstance(outcome, OaGraphError)]


async def while_held(graph: Graph, change: Callable[[Tx], Awaitable[object]], work: Awaitable[T]) -> T | OaGraphError:
    """What comes of a work that has looked before a change of somebody else, and goes on after it."""
    held = asyncio.Event()

    async def hold(tx: Tx) -> None:
        await change(tx)
        held.set()
        await asyncio.sleep(0.3)

    async def waiting() -> T:
        await held.wait()
        return await work

    first, second = await asyncio.gather(graph.transact(hold), waiting(), return_exceptions=True)
    assert first is None
    if isinstance(second, BaseException) and not isinstance(second, OaGraphError):
        raise second
    return second
