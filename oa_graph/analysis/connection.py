"""An open graph for notebooks and scripts: answers as frames, trees as NetworkX graphs. Nothing is ever written.

from oa_graph.analysis import connect

with connect() as connection:
    connection.pandas("shape_by_language")
    connection.polars("MATCH (post:Post) WHERE post.lang = $lang RETURN post.text AS text", lang="en")
    connection.tree(id)
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

from oa_graph import installation, reliability
from oa_graph.analysis import drawing, queries, report_data
from oa_graph.analysis.arrow import ArrowBuilder, Table, declared_types, pyarrow
from oa_graph.analysis.queries import SavedQuery
from oa_graph.domain.posts import Post
from oa_graph.errors import PackageMissing
from oa_graph.graph import posts
from oa_graph.graph.notifications import Notification
from oa_graph.graph.saved_queries import QueryResult, parameters_of, saved_queries
from oa_graph.graph.session import Graph
from oa_graph.graph.statements import declared, required
from oa_graph.installation import Database
from oa_graph.reliability import AT_LEAST, TREES
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
) -> AnalysisConnection:
    """Open the graph at `uri`, or that of the installation, as the commands do.

    That is the server which `NEO4J_URI` names, else the managed one of the folder `data` [OA_GRAPH_DATA], which is
    started if it does not run, and left at the end. A start takes up to a minute and is told on standard error;
    `oa-graph db start` keeps a server running. The server gives up a statement after `seconds`; None: never.

    Raise StoreUnavailable, NoGraph for a folder without a graph, and what starting a server raises.
    """
    with ExitStack() as stack:
        if uri is None:
            chosen = Settings.model_validate({} if data is None else {"data": Path(data).expanduser().absolute()})
            environment = Neo4jSettings.model_validate({})
            neo4j = stack.enter_context(installation.database(chosen, environment, reads=True, starting=_starting))
        else:
            neo4j = Database(uri, username, password, database, None)
        run = stack.enter_context(_loop())
        graph = run(_connect(neo4j))
        stack.callback(lambda: run(graph.close()))
        connection = AnalysisConnection(graph, run, seconds=seconds, closing=stack.pop_all())
    try:
        connection.rows("RETURN 1 AS answers")
    except BaseException:
        connection.close()
        raise
    return connection


class AnalysisConnection:
    """An open graph, made by `connect`. It is a context manager; one that is not closed is closed at exit.

    Where a method takes a query, that is the name of one in `cypher/explore/`, with or without the folder, or a
    statement of your own, which is told by its white space. Parameters are keyword arguments; those of a query that are
    not given are null, which for `limit`, the rows of its answer, means all. An answer that is empty since the graph
    lacks the data for it comes with a UserWarning; what the server remarks about a statement, such as a label that is
    not there, becomes a StatementWarning. What methods raise when asked: NoSuchQuery, NoSuchParameter, MissingParameter
    and WrongParameter for the query, StatementRefused for a statement that the server does not take or that would
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
        """Close the connection and release the managed server; closing again does nothing."""
        self._close()

    # Answers

    def rows(self, query: str, /, **parameters: object) -> list[dict[str, Any]]:
        """Return the answer as maps of Python values; see `oa_graph.graph.saved_queries.QueryResult`."""

        async def read(answer: QueryResult) -> list[dict[str, Any]]:
            return [dict(zip(answer.columns, row, strict=True)) async for row in answer.rows]

        return self._answer(queries.from_python(query, parameters), read, len)

    def arrow(self, query: str, /, **parameters: object) -> Table:
        """Return the answer as a `pyarrow.Table`; `oa_graph.analysis.arrow` lists the types."""
        return self._arrow(query, parameters)

    def pandas(self, query: str, /, **parameters: object) -> pandas.DataFrame:
        """Return the answer as a pandas frame, made from the Arrow table.

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
        """Return the answer as a polars frame, made from the Arrow table."""
        polars = _package("polars", extra="polars")
        return polars.from_arrow(self._arrow(query, parameters))

    def queries(self) -> pandas.DataFrame:
        """Return all saved queries.

        `name`, `what` it gives, `parameters` and `columns` with their types, the data that it `needs`, `cost`.
        """
        rows = [
            {
                "name": query.short,
                "what": query.description,
                "parameters": _signature(parameters_of(query)),
                "columns": _signature(query.outputs),
                "needs": ", ".join(query.needs),
                "cost": query.cost,
            }
            for query in saved_queries()
        ]
        return _frame(rows)

    def agreement(self, lang: str | None = None, *, trees: int | None = TREES) -> pandas.DataFrame:
        """Return the agreement on each label and on rankings: the fields of `oa_graph.reliability.Agreement`.

        From the first `trees` by id of a language, or of all; None: from all trees.
        """
        agreements = self._run_on_graph(
            lambda graph: reliability.agreement(graph, lang=lang, trees=trees, seconds=self._seconds)
        )
        return _frame(map(asdict, agreements.rows))

    def reliabilities(
        self, lang: str | None = None, *, at_least: int = AT_LEAST, trees: int | None = TREES
    ) -> pandas.DataFrame:
        """Return the reliability of each user: the fields of `oa_graph.reliability.Reliability`.

        Who made less than `at_least` judgements that others made too has none, and the reason. `trees` as above.
        """
        reliabilities = self._run_on_graph(
            lambda graph: reliability.reliabilities(
                graph, lang=lang, at_least=at_least, trees=trees, seconds=self._seconds
            )
        )
        return _frame(map(asdict, reliabilities))

    def _arrow(self, query: str, parameters: Mapping[str, object]) -> Table:
        saved_query = queries.from_python(query, parameters)
        known = {} if saved_query.query is None else declared_types(saved_query.query)

        async def read(answer: QueryResult) -> Table:
            builder = ArrowBuilder(answer.columns, known)
            async for batch in queries.batches(answer):
                builder.add(batch)
            return builder.table()

        return self._answer(saved_query, read, lambda table: table.num_rows)

    def _answer(self, query: SavedQuery, read: Callable[[QueryResult], Awaitable[T]], size: Callable[[T], int]) -> T:
        """Return the answer. Warn of notifications and, if it is empty, of missing data."""
        remarks: list[Notification] = []

        async def work(graph: Graph) -> tuple[T, str | None]:
            async with query.run(graph, seconds=self._seconds, on_warning=remarks.append) as answer:
                result = await read(answer)
            return result, None if size(result) else await query.missing_data(graph)

        result, shortage = self._run_on_graph(work)
        for remark in remarks:
            warnings.warn(str(remark), StatementWarning, stacklevel=_caller_level())
        if shortage:
            warnings.warn(shortage, stacklevel=_caller_level())
        return result

    # Trees

    def tree(self, id: str) -> networkx.DiGraph[str]:
        """Return the tree of a post, including deleted and rejected posts.

        Edges go from a post to its replies: it is what networkx calls an arborescence, and its functions for those
        apply. Nodes are ids, by depth and then age; each has the fields of `Post` but `id`. The graph has the
        attributes `id`, which is that of the root, and `lang`. Raise PostNotFound.
        """
        networkx = _package("networkx", extra="analysis")
        tree_posts = self._posts(id)
        drawn = networkx.DiGraph(id=tree_posts[0].tree, lang=tree_posts[0].lang)
        for post in tree_posts:
            drawn.add_node(post.id, **_fields(post))
        drawn.add_edges_from((post.parent, post.id) for post in tree_posts if post.parent is not None)
        return drawn

    def thread(self, id: str) -> list[Post]:
        """Return the posts from the root to one post, including deleted and rejected ones. Raise PostNotFound."""
        return self._run_on_graph(lambda graph: posts.ancestry(graph, id, viewer=None))

    def svg(self, id: str) -> str:
        """Return a drawing of the tree of a post, replies in the order of their ranks. Raise PostNotFound."""
        return drawing.svg(self._posts(id))

    def _posts(self, id: str) -> list[Post]:
        return self._run_on_graph(lambda graph: report_data.tree(graph, id))

    def _run_on_graph(self, work: Callable[[Graph], Awaitable[T]]) -> T:
        """Run work on the graph in the connection's thread."""

        async def worked() -> T:
            return await work(self._graph)

        return self._run(worked())


def _frame(rows: Iterable[Mapping[str, Any]]) -> pandas.DataFrame:
    """Return a frame of a few rows; enum members become plain texts."""
    plain_rows = [
        {name: str(value) if isinstance(value, StrEnum) else value for name, value in row.items()} for row in rows
    ]
    return _package("pandas", extra="analysis").DataFrame(plain_rows)


def _signature(lines: Mapping[str, str]) -> str:
    needed = required(lines)
    return ", ".join(f"{name} {declared(line)[0]}{' required' * (name in needed)}" for name, line in lines.items())


def _fields(post: Post) -> dict[str, Any]:
    """Return the attributes of a node, without those that depend on the viewer."""
    names = [name for name in Post.__slots__ if name not in ("id", "own_emojis")]
    return {name: getattr(post, name) for name in names} | {"role": post.role.value, "emojis": dict(post.emojis)}


def _caller_level() -> int:
    """Return the `stacklevel` of a warning about the line that called this module."""
    files = [frame.filename for frame in inspect.stack(0)[1:]]
    return next((level for level, file in enumerate(files, 1) if file != __file__), 1)


@contextmanager
def _starting(folder: Path) -> Generator[None]:
    print(installation.says_starting(folder), file=sys.stderr, flush=True)
    yield


async def _connect(database: Database) -> Graph:
    return database.connect(pool=4)


@contextmanager
def _loop() -> Generator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Run coroutines in a thread, from any thread. An interrupt while waiting cancels the work."""
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
