"""The bare driver: the program's own statements with the parameters that it would send, and nothing around them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, LiteralString, cast
from uuid import uuid4

from neo4j import AsyncDriver, AsyncGraphDatabase, Record
from neo4j.exceptions import TransientError

from bench.crowd import Crowd
from bench.generate import CLIENT
from bench.meter import Notes
from bench.place import Place
from oa_graph.context import Context
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import LabelAnswer, RankingAnswer, TaskKind, TextAnswer
from oa_graph.domain.users import ApiClient, UserIdentity
from oa_graph.graph import posts, tasks
from oa_graph.graph.session import Graph, Row, Tx
from oa_graph.graph.statements import catalogue
from oa_graph.policy import scoring, search
from oa_graph.tasks import Tasks

Parameters = dict[str, object]
_CLIENT = ApiClient(id=CLIENT, trusted=True)


class _Asked(Exception):
    """What the program wanted to send."""

    def __init__(self, name: str, parameters: Mapping[str, object]) -> None:
        super().__init__()
        self.name = name
        self.parameters = dict(parameters)


class _Tap:
    """A `Tx` that sends nothing, to see the first statement and its parameters."""

    async def rows(self, name: str, parameters: Mapping[str, object]) -> list[Row]:
        raise _Asked(name, parameters)


def asked(call: Callable[[Tx], Coroutine[Any, Any, object]]) -> tuple[str, Parameters]:
    """The first statement of what `call` does, and its parameters."""
    work = call(_Tap())
    try:
        work.send(None)
    except _Asked as asked:
        return asked.name, asked.parameters
    raise AssertionError("it asked nothing")


def connect(place: Place, *, pool: int) -> AsyncDriver:
    """A driver with the options of `oa_graph.graph.session`."""
    return AsyncGraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType] - its options are untyped
        place.uri,
        auth=(place.username, place.password),
        max_connection_pool_size=pool,
        notifications_min_severity="OFF",
        telemetry_disabled=True,
    )


class Bare:
    """The side of the bare driver."""

    def __init__(self, driver: AsyncDriver, database: str, limits: Limits, crowd: Crowd) -> None:
        self._driver = driver
        self._database = database
        self._limits = limits
        self._crowd = crowd
        self.notes = Notes()

    async def floor(self) -> None:
        await self._run("floor", "RETURN 1 AS one", {})

    async def text(self) -> bool:
        crowd, person = self._crowd, self._crowd.person()
        task = await self._lease("lease_reply", person, crowd.reply())
        if task is None:
            return False
        ack = await self._ack("ack", str(task["task"]), None)
        id, text = crowd.text()
        return await self._settle(
            "settle_text",
            lambda tx: tasks.submit_text(
                tx,
                client=_CLIENT,
                user=person,
                answer=TextAnswer(ack, id, text, None),
                post=str(uuid4()),
                goal=self._limits.goal_tree_size,
                labels=search.LABELS,
                limits=self._limits,
                now=_now(),
            ),
        )

    async def review(self) -> bool:
        person = self._crowd.person()
        task = await self._lease("lease_review", person, self._crowd.review())
        if task is None:
            return False
        await self._ack("ack_acting", str(task["task"]), str(task["user_id"]))
        answer = LabelAnswer(
            str(task["task"]), str(task["thread"][-1]["id"]), "", labels(task["form"]["labels"]), is_report=False
        )
        return await self._settle(
            "settle_review",
            lambda tx: tasks.submit_review(
                tx,
                client=CLIENT,
                user=person,
                answer=answer,
                conduct=scoring.label_points(answer.labels),
                review=str(uuid4()),
                limits=self._limits,
                now=_now(),
            ),
        )

    async def ranking(self) -> bool:
        person = self._crowd.person()
        task = await self._lease("lease_ranking", person, TaskKind.RANK_ASSISTANT_REPLIES)
        if task is None:
            return False
        ack = await self._ack("ack_acting", str(task["task"]), str(task["user_id"]))
        answer = RankingAnswer(ack, self._crowd.order(len(task["candidates"])), not_rankable=False)
        return await self._settle(
            "settle_ranking",
            lambda tx: tasks.submit_ranking(
                tx, client=CLIENT, user=person, answer=answer, ranking=str(uuid4()), now=_now()
            ),
        )

    async def random(self) -> bool:
        task = await self._lease("lease_random", self._crowd.person(), None)
        if task is None:
            return False
        return await self._settle(
            "refuse",
            lambda tx: tasks.refuse(
                tx, client=CLIENT, task=str(task["task"]), reason=None, user=str(task["user_id"]), now=_now()
            ),
            good="refused",
        )

    async def look(self) -> None:
        person, lang = self._crowd.person(), self._crowd.lang()
        await self._named(
            "look",
            lambda tx: self._tasks(tx).availability(client=_CLIENT, user=person, lang=lang),
        )

    async def post(self) -> None:
        id = self._crowd.post()
        await self._named("post", lambda tx: posts.post(tx, id, viewer=None))

    async def thread(self) -> None:
        id = self._crowd.post()
        await self._named("thread", lambda tx: posts.thread(tx, id, viewer=None))

    def _tasks(self, tx: Tx) -> Tasks:
        return Tasks(Context(store=cast("Graph", tx), limits=self._limits, rng=self._crowd.rng))

    async def _lease(self, step: str, person: UserIdentity, kind: TaskKind | None) -> dict[str, Any] | None:
        """The row of a lease with the id of its task; None when there was none."""
        lang = self._crowd.lang()
        name, parameters = asked(lambda tx: self._tasks(tx).request(kind, lang=lang, client=_CLIENT, user=person))
        (row,) = await self._run(step, catalogue()[name].text, catalogue()[name].sent(parameters))
        if row["outcome"] != "handed_out":
            self.notes.failures[f"{step}: {row['outcome']}"] += 1
            return None
        return {**row, "task": parameters["task_id"]}

    async def _ack(self, step: str, task: str, user: str | None) -> str:
        ack = str(uuid4())
        await self._settle(
            step,
            lambda tx: tasks.acknowledge(
                tx, client=CLIENT, task=task, ack=ack, user=user, now=_now(), limits=self._limits
            ),
            good="acknowledged",
        )
        return ack

    async def _settle(self, step: str, call: Callable[[Tx], Coroutine[Any, Any, object]], good: str = "stored") -> bool:
        (row,) = await self._named(step, call)
        if row["outcome"] != good:
            self.notes.failures[f"{step}: {row['outcome']}"] += 1
        return row["outcome"] == good

    async def _named(self, step: str, call: Callable[[Tx], Coroutine[Any, Any, object]]) -> list[Record]:
        name, parameters = asked(call)
        return await self._run(step, catalogue()[name].text, catalogue()[name].sent(parameters))

    async def _run(self, step: str, text: LiteralString, parameters: Parameters) -> list[Record]:
        begun = perf_counter()
        while (rows := await self._try(step, text, parameters)) is None:
            pass
        self.notes.time(step, begun)
        return rows

    async def _try(self, step: str, text: LiteralString, parameters: Parameters) -> list[Record] | None:
        """The rows; None when it may be sent again, which is noted."""
        try:
            async with self._driver.session(database=self._database) as session:  # pyright: ignore[reportUnknownMemberType]
                result = await session.run(text, parameters)
                return [record async for record in result]
        except TransientError as error:
            self.notes.failures[f"{step}: sent again after {str(error.code).rpartition('.')[2]}"] += 1
            return None


def labels(names: Sequence[str]) -> dict[str, float]:
    """Labels of a good post."""
    return {name: 0.5 if name in ("quality", "helpfulness", "creativity", "humor") else 0.0 for name in names}


def _now() -> datetime:
    return datetime.now(UTC)
