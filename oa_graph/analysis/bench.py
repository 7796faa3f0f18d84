"""An open graph for notebooks and scripts: answers as frames, trees as NetworkX graphs. Nothing is ever written.

from oa_graph.analysis import connect

with connect() as bench:
    bench.pandas("shape_by_language")
    bench.polars("MATCH (post:Post) WHERE post.lang = $lang RETURN post.text AS text", lang="en")
    bench.tree(id)
"""

from __future__ import annotations

import asyncio
import inspect
import sys
import warnings
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Self, TypeVar

from oa_graph import agreement, hosting
from oa_graph.agreement import AT_LEAST, TREES
from oa_graph.analysis import drawing, findings, questions
from oa_graph.analysis.arrow import Gathering, Table, declared_types, pyarrow
from oa_graph.analysis.questions import Question
from oa_graph.errors import PackageMissing
from oa_graph.graph import posts
from oa_graph.graph.asking import Answer, explorations, parameters_of
from oa_graph.graph.notifications import Notification
from oa_graph.graph.queries import declared, required
from oa_graph.graph.session import Graph
from oa_graph.hosting import Database
from oa_graph.model import Post
from oa_graph.settings import Neo4jSettings, Settings

if TYPE_CHECKING:
    import networkx
    import pandas
    import polars

T = TypeVar("T")


class StatementWarning(UserWarning):
    """What the server remarks about a statement of your own, such as a label that is not in the graph."""


def connect(
    uri: str | None = None,
    username: str = "neo4j",
    password: str = "",
    *,
    database: str = "neo4j",
    data: Path | str | None = None,
    seconds: float | None = None,
) -> Bench:
    """Opens the graph at `uri`; without one that of the installation, as the commands find it.

    That is the server which `NEO4J_URI` names, else the managed one of the folder `data` [OA_GRAPH_DATA], which is
    started if it does not run, and left at the end. A start takes up to a minute and is told on standard error;
    `oa-graph db start` keeps a server running. The server gives up a statement after `seconds`; None: never.

    Raises StoreUnavailable, NoGraph for a folder without a graph, and what starting a server raises.
    """
    with ExitStack() as stack:
        if uri is None:
            chosen = Settings.model_validate({} if data is None else {"data": Path(data).expanduser().absolute()})
            given = Neo4jSettings.model_validate({})
            found = stack.enter_context(hosting.database(chosen, given, reads=True, starting=_starting))
        else:
            found = Database(uri, username, password, database, None)
        run = stack.enter_context(_loop())
        graph = run(_opened(found))
        stack.callback(lambda: run(graph.close()))
        bench = Bench(graph, run, seconds=seconds, closing=stack.pop_all())
    try:
        bench.rows("RETURN 1 AS answers")
    except BaseException:
        bench.close()
        raise
    return bench


class Bench:
    """An open graph, made by `connect`. It is a context manager; one that is not closed is closed at exit.

    Where a method takes a query, that is the name of one in `cypher/explore/`, with or without the folder, or a
    statement of your own, which is told by its white space. Parameters are keyword arguments; those of a query that are
    not given are null, which for `limit`, the rows of its answer, means all. An answer that is empty since the graph
    lacks the data for it comes with a UserWarning; what the server remarks about a statement, such as a label that is
    not there, becomes a StatementWarning. What methods raise when asked: NoSuchQuery, NoSuchParameter, MissingParameter
    and WrongParameter for the question, StatementRefused for a statement that the server does not take or that would
    write, StoreBusy when its time is over, StoreUnavailable, and PackageMissing where a library is not installed.

    It works where an event loop runs already, as in Jupyter: it has a thread with a loop of its own.
    """

    def __init__(
        self,
        graph: Graph,
        run: Callable[[Coroutine[Any, Any, Any]], Any],
        *,
        seconds: float | None,
        closing: ExitStack,
    ) -> None:
        self._graph = graph
        self._run = run
        self._seconds = seconds
        self._close = weakref.finalize(self, closing.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection and leaves the managed server, once."""
        self._close()

    # Answers

    def rows(self, query: str, /, **parameters: object) -> list[dict[str, Any]]:
        """The answer as maps of the standard library's values; see `oa_graph.graph.asking.Answer`."""

        async def read(answer: Answer) -> list[dict[str, Any]]:
            return [dict(zip(answer.columns, row, strict=True)) async for row in answer.rows]

        return self._ask(questions.from_python(query, parameters), read, len)

    def arrow(self, query: str, /, **parameters: object) -> Table:
        """The answer as a `pyarrow.Table`; `oa_graph.analysis.arrow` says which type is what."""
        return self._arrow(query, parameters)

    def pandas(self, query: str, /, **parameters: object) -> pandas.DataFrame:
        """The answer as a pandas frame, made of the Arrow table.

        INTEGER is `Int64` and BOOLEAN `boolean`, which have null without losing digits; FLOAT is `float64`, STRING
        `str`, DATE and ZONED DATETIME are `datetime64` (the latter in UTC); lists and maps have Arrow's own types, of
        which a value is a list or a dict.
        """
        pandas = _package("pandas", extra="analysis")
        table = self._arrow(query, parameters)
        types = pyarrow().types

        def shown(type: Any) -> Any:
            if types.is_integer(type):
                return pandas.Int64Dtype()
            if types.is_boolean(type):
                return pandas.BooleanDtype()
            return pandas.ArrowDtype(type) if types.is_nested(type) else None

        return table.to_pandas(types_mapper=shown, date_as_object=False)

    def polars(self, query: str, /, **parameters: object) -> polars.DataFrame:
        """The answer as a polars frame, made of the Arrow table."""
        polars = _package("polars", extra="polars")
        return polars.from_arrow(self._arrow(query, parameters))

    def queries(self) -> pandas.DataFrame:
        """What can be asked by name.

        `name`, `what` it gives, `parameters` and `columns` with their types, the data that it `needs`, `cost`.
        """
        told = [
            {
                "name": query.short,
                "what": query.what,
                "parameters": _signature(parameters_of(query)),
                "columns": _signature(query.outputs),
                "needs": ", ".join(query.needs),
                "cost": query.cost,
            }
            for query in explorations()
        ]
        return _frame(told)

    def agreement(self, lang: str | None = None, *, trees: int | None = TREES) -> pandas.DataFrame:
        """How far people agree on each label and on rankings: the fields of `oa_graph.agreement.Agreement`.

        From the first `trees` by id of a language, or of all; None: from all trees.
        """
        found = self._on(lambda graph: agreement.agreement(graph, lang=lang, trees=trees, seconds=self._seconds))
        return _frame(map(asdict, found.rows))

    def reliabilities(
        self, lang: str | None = None, *, at_least: int = AT_LEAST, trees: int | None = TREES
    ) -> pandas.DataFrame:
        """How often each person is right, as far as others can tell: the fields of `oa_graph.agreement.Reliability`.

        Who made less than `at_least` judgements that others made too has none, and the reason. `trees` as above.
        """
        found = self._on(
            lambda graph: agreement.reliabilities(
                graph, lang=lang, at_least=at_least, trees=trees, seconds=self._seconds
            )
        )
        return _frame(map(asdict, found))

    def _arrow(self, query: str, parameters: Mapping[str, object]) -> Table:
        question = questions.from_python(query, parameters)
        known = {} if question.query is None else declared_types(question.query)

        async def read(answer: Answer) -> Table:
            gathering = Gathering(answer.columns, known)
            async for batch in questions.batches(answer):
                gathering.add(batch)
            return gathering.table()

        return self._ask(question, read, lambda table: table.num_rows)

    def _ask(self, question: Question, read: Callable[[Answer], Awaitable[T]], size: Callable[[T], int]) -> T:
        """The answer, and warnings: what the server remarks, and for an answer without rows what the graph lacks."""
        remarks: list[Notification] = []

        async def work(graph: Graph) -> tuple[T, str | None]:
            async with question.ask(graph, seconds=self._seconds, on_warning=remarks.append) as answer:
                result = await read(answer)
            return result, None if size(result) else await question.shortage(graph)

        result, shortage = self._on(work)
        for remark in remarks:
            warnings.warn(str(remark), StatementWarning, stacklevel=_outside())
        if shortage:
            warnings.warn(shortage, stacklevel=_outside())
        return result

    # Trees

    def tree(self, id: str) -> networkx.DiGraph[str]:
        """The tree that a post belongs to, deleted and rejected posts too.

        Edges go from a post to its replies: it is what networkx calls an arborescence, and its functions for those
        apply. Nodes are ids, by depth and then age; each has the fields of `oa_graph.model.Post` but `id`. The graph
        has the attributes `id`, which is that of the root, and `lang`. Raises PostNotFound.
        """
        networkx = _package("networkx", extra="analysis")
        found = self._posts(id)
        drawn = networkx.DiGraph(id=found[0].tree, lang=found[0].lang)
        for post in found:
            drawn.add_node(post.id, **_fields(post))
        drawn.add_edges_from((post.parent, post.id) for post in found if post.parent is not None)
        return drawn

    def thread(self, id: str) -> list[Post]:
        """The posts from the root of a tree to one post, whatever became of them. Raises PostNotFound."""
        return self._on(lambda graph: posts.ancestry(graph, id, viewer=None))

    def svg(self, id: str) -> str:
        """The tree that a post belongs to as a picture, replies in the order of their ranks. Raises PostNotFound."""
        return drawing.svg(self._posts(id))

    def _posts(self, id: str) -> list[Post]:
        return self._on(lambda graph: findings.tree(graph, id))

    def _on(self, work: Callable[[Graph], Awaitable[T]]) -> T:
        """Everything that is asked goes this way: work on the graph, in the thread of the bench."""

        async def worked() -> T:
            return await work(self._graph)

        return self._run(worked())


def _frame(rows: Iterable[Mapping[str, Any]]) -> pandas.DataFrame:
    """Of few rows that are here already; words are plain texts."""
    told = [{name: str(value) if isinstance(value, StrEnum) else value for name, value in row.items()} for row in rows]
    return _package("pandas", extra="analysis").DataFrame(told)


def _signature(lines: Mapping[str, str]) -> str:
    needed = required(lines)
    return ", ".join(f"{name} {declared(line)[0]}{' required' * (name in needed)}" for name, line in lines.items())


def _fields(post: Post) -> dict[str, Any]:
    """Of a node; what only a viewer has is left out, and words are plain texts."""
    names = [name for name in Post.__slots__ if name not in ("id", "own_emojis")]
    return {name: getattr(post, name) for name in names} | {"role": post.role.value, "emojis": dict(post.emojis)}


def _outside() -> int:
    """The `stacklevel` of a warning that is about the line which called this module."""
    files = [frame.filename for frame in inspect.stack(0)[1:]]
    return next((level for level, file in enumerate(files, 1) if file != __file__), 1)


@contextmanager
def _starting(folder: Path) -> Generator[None]:
    print(hosting.says_starting(folder), file=sys.stderr, flush=True)
    yield


async def _opened(found: Database) -> Graph:
    return found.connect(pool=4)


@contextmanager
def _loop() -> Generator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Runs coroutines in a thread, from any thread; whoever is interrupted while waiting ends the work as well."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="oa-graph bench", daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    try:
        yield run
    finally:
        run(loop.shutdown_asyncgens())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _package(name: str, *, extra: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise PackageMissing(package=name, extra=extra) from error
