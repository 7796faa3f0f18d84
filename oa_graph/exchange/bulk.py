"""Trees of a file as CSV, for the importer of Neo4j that makes a whole store at once: the more posts the faster.

It is for a graph that nobody has worked on yet. What is plain goes into the store: trees with ids of their own that ask
nothing of anybody. All else (a line that is refused, a tree that people are to work on, one that comes twice) is put
aside in its order and comes in afterwards as it always does. So the graph is the same in the end, node by node.
"""

from __future__ import annotations

import pickle
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from oa_graph.errors import InvalidFile, OaGraphError
from oa_graph.exchange import oasst
from oa_graph.exchange.bringing import WANT_SOMETHING, Reading, Wish, bring, moment_of, reading
from oa_graph.exchange.counts import CLIENT, Counts, Progress
from oa_graph.exchange.formats import WITHOUT_IDS, Format
from oa_graph.exchange.refusals import OnRefused, Refused
from oa_graph.exchange.rows import Found
from oa_graph.graph import exchange, stats
from oa_graph.graph.exchange import FiledTree, NewPost
from oa_graph.graph.session import Graph
from oa_graph.model import Limits
from oa_graph.policy import search

WORTH_IT = 256 * 2**20
"""Bytes of a file from which on making the store anew is faster than adding to it."""

OPTIONS = ("--array-delimiter=U+001F", "--multiline-fields=true")
"""What the importer has to be told about the files."""

_BETWEEN = "\x1f"
_PLAIN_NAME = re.compile(r"[\w.+-]+")
_LABEL = ":LABEL"
_TOLD_EVERY = 1000
"""Trees."""
_EMPTY_AT_ONCE = 10_000


class NotFresh(OaGraphError):
    """The graph cannot be made from files alone: {why}."""


class _Doubt(Exception):
    """A value that has no place in the files."""


_TYPES: Mapping[type, str] = {
    str: "string", bool: "boolean", int: "long", float: "double", datetime: "datetime", list: "string[]",
}  # fmt: skip


def _array(value: list[object]) -> str:
    if not value or not all(isinstance(each, str) and _BETWEEN not in each for each in value):
        raise _Doubt
    return _text(_BETWEEN.join(map(str, value)))


def _text(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _truth(value: bool) -> str:
    return "true" if value else "false"


_CELLS: Mapping[type, Callable[[Any], str]] = {
    str: _text, bool: _truth, int: str, float: repr, datetime: _moment, list: _array,
}  # fmt: skip


class _Table:
    """The nodes of one kind. The importer wants each column in each row: one that comes later begins another file."""

    def __init__(self, folder: Path, kind: str, *, key: bool = False, labelled: bool = False) -> None:
        self.files: list[Path] = []
        self._folder, self._kind, self._key = folder, kind, key
        self._columns: dict[str, int] = {_LABEL: 0} if labelled else {}
        self._types: list[type] = [str] if labelled else []
        self._file: TextIO | None = None

    def row(self, properties: Mapping[str, object], label: str = "") -> list[str]:
        """What `write` takes; made for a whole tree before any of it is written. Raises _Doubt."""
        columns, types = self._columns, self._types
        cells = [""] * len(columns)
        if label:
            cells[0] = label
        for name, value in properties.items():
            if value is None:
                continue
            place = columns.get(name)
            if place is None:
                place = self._more(name, value)
                cells.append("")
            if types[place] is not type(value):
                raise _Doubt
            cells[place] = _CELLS[types[place]](value)
        return cells

    def _more(self, name: str, value: object) -> int:
        if type(value) not in _TYPES or not _PLAIN_NAME.fullmatch(name):
            raise _Doubt
        self._types.append(type(value))
        self._columns[name] = len(self._columns)
        self.close()
        return self._columns[name]

    def write(self, rows: Iterable[list[str]]) -> None:
        file = self._file or self._begin()
        width = len(self._columns)
        for cells in rows:
            cells += [""] * (width - len(cells))
            file.write(",".join(cells) + "\n")

    def _begin(self) -> TextIO:
        path = self._folder / f"{self._kind}-{len(self.files)}.csv"
        self.files.append(path)
        self._file = path.open("w", encoding="utf-8", newline="")
        self._file.write(",".join(self._header()) + "\n")
        return self._file

    def _header(self) -> Iterator[str]:
        for name, kind in zip(self._columns, self._types, strict=True):
            if name == _LABEL:
                yield name
            elif name == "id" and self._key:
                yield f"id:ID({self._kind})"
            else:
                yield f"{name}:{_TYPES[kind]}"

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class _Edges:
    """The edges of one type."""

    def __init__(self, folder: Path, kind: str, start: str, end: str) -> None:
        self._path = folder / f"{kind}.csv"
        self._file = self._path.open("w", encoding="utf-8", newline="")
        self._file.write(f":START_ID({start}),:END_ID({end})\n")
        self.files: list[Path] = []
        """Itself, unless it is empty: then one of its ends may be a kind of node that there is none of."""

    def write(self, start: str, end: str) -> None:
        self.files = [self._path]
        self._file.write(f"{_text(start)},{_text(end)}\n")

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class Files:
    """A store in files, and what comes in after it."""

    nodes: Mapping[str, Sequence[Path]]
    """By label; each file begins with its header."""
    edges: Mapping[str, Sequence[Path]]
    """By type."""
    counts: Counts
    """Of what is in them."""
    name: str
    """Of the file that they come from, and its format."""
    format: Format
    rest: Path
    empty: Sequence[tuple[str, str]]
    """Lists without elements, by post and property: the importer knows none."""


Others = list[tuple[list[str], dict[str, object]]]


async def others(graph: Graph) -> Others:
    """The nodes of a graph that nobody has worked on: clients and the like. Raises NotFresh when somebody has."""
    found = await exchange.others(graph)
    if found is None:
        raise NotFresh(why="somebody has worked on it")
    return found


def is_possible(source: Path, wish: Wish) -> bool:
    """Whether a file can come in this way: it can be read, and what becomes of a tree depends on none before it."""
    return source.is_file() and wish.format not in WITHOUT_IDS and not wish.activate


def lay_out(
    source: Path,
    folder: Path,
    others: Others,
    *,
    limits: Limits,
    wish: Wish,
    client: str = CLIENT,
    on_progress: Progress | None = None,
) -> Files:
    """Writes the files of a store with `others` and the trees of `source` into an empty folder.

    Raises NotFresh when this file or these nodes cannot come in this way, OSError.
    """
    wish = replace(wish, closed_langs=limits.init_prompt_disabled_langs)
    try:
        with reading(source, wish) as file:
            if file.format in WITHOUT_IDS:
                raise NotFresh(why=f"{file.format} join trees that begin alike")
            return _laid_out(file, folder, others, _Writing(folder, client, limits), on_progress)
    except InvalidFile as error:  # what stands before the place where it is torn can come in all the same
        raise NotFresh(why=str(error)) from error


def _laid_out(file: Reading, folder: Path, others: Others, writing: _Writing, on_progress: Progress | None) -> Files:
    with writing, (folder / "rest").open("wb") as rest:
        for each in file.items:
            if isinstance(each, Refused) or not writing.take(each):
                pickle.dump(each, rest, pickle.HIGHEST_PROTOCOL)
            elif on_progress and writing.trees % _TOLD_EVERY == 0:
                on_progress(writing.posts)
        writing.finish(others)
    return writing.files(file.name, file.format, folder / "rest")


async def complete(
    graph: Graph,
    files: Files,
    *,
    limits: Limits,
    wish: Wish,
    rejects: OnRefused,
    client: str = CLIENT,
    on_progress: Progress | None = None,
) -> Counts:
    """What is left to do once the store is made and has its schema."""
    for start in range(0, len(files.empty), _EMPTY_AT_ONCE):
        await exchange.empty_lists(graph, files.empty[start : start + _EMPTY_AT_ONCE])
    done = files.counts
    with files.rest.open("rb") as rest:
        more = await bring(
            graph,
            Reading(files.name, files.format, _unpickled(rest)),
            wish,
            limits=limits,
            rejects=rejects,
            client=client,
            on_progress=(lambda posts: on_progress(done.posts + posts)) if on_progress else None,
        )
    kept = Counter(done.kept_as_is) + Counter(more.kept_as_is)
    return replace(
        more, trees=done.trees + more.trees, posts=done.posts + more.posts, kept_as_is=dict(sorted(kept.items()))
    )


def _unpickled(file: BinaryIO) -> Iterator[Found | Refused]:
    """What `lay_out` has put aside."""
    while file.peek(1):  # pyright: ignore[reportAttributeAccessIssue,reportUnknownMemberType] - it is buffered
        yield pickle.load(file)


class _Writing:
    """The files of a store, while they are written."""

    def __init__(self, folder: Path, client: str, limits: Limits) -> None:
        self.trees = self.posts = 0
        self._folder, self._client, self._limits = folder, client, limits
        self._now = datetime.now(UTC)
        self._tree = _Table(folder, "Tree", key=True)
        self._post = _Table(folder, "Post", key=True, labelled=True)
        self._user = _Table(folder, "User", key=True)
        self._small: dict[str, _Table] = {}
        """Nodes without edges."""
        self._root = _Edges(folder, "ROOT", "Tree", "Post")
        self._reply = _Edges(folder, "REPLY_TO", "Post", "Post")
        self._wrote = _Edges(folder, "WROTE", "User", "Post")
        self._ids: set[int] = set()
        """Hashes of the ids of trees and posts: what may have come already is put aside."""
        self._authors: set[str] = set()
        self._states: dict[str, Counter[str]] = {}
        self._tallies: dict[str, Counter[str]] = {}
        self._kept_as_is: Counter[str] = Counter()
        self._empty: list[tuple[str, str]] = []

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        for each in (self._tree, self._post, self._user, self._root, self._reply, self._wrote, *self._small.values()):
            each.close()

    def take(self, found: Found) -> bool:
        """Writes a tree; False: it is not plain, and nothing of it is written."""
        tree = found.tree
        ids = {hash(post.id) for post in tree.posts} | {hash(("tree", tree.id))}
        if found.notes or tree.state in WANT_SOMETHING or len(ids) <= len(tree.posts) or not ids.isdisjoint(self._ids):
            return False
        properties, posts = exchange.nodes(tree, moment_of(found, self._now), client=self._client, limits=self._limits)
        empty: list[tuple[str, str]] = []
        try:
            row = self._tree.row(properties)
            rows = [
                self._post.row(self._whole(each, empty), search.label(str(each.properties["lang"]))) for each in posts
            ]
        except _Doubt:
            return False
        self._ids |= ids
        self._tree.write([row])
        self._post.write(rows)
        self._join(tree)
        self._count(tree)
        self._empty += empty
        return True

    def _whole(self, post: NewPost, empty: list[tuple[str, str]]) -> dict[str, object]:
        """The properties of a post as `exchange/store` sets them, but for empty lists, which are noted."""
        properties = post.properties
        created = post.created.astimezone(UTC)
        properties["created"], properties["day"] = created, f"{created:%Y%m%d}"
        for name in [name for name, value in properties.items() if value == []]:
            del properties[name]
            empty.append((str(properties["id"]), name))
        return properties

    def _join(self, tree: FiledTree) -> None:
        self._root.write(tree.id, tree.posts[0].id)
        for post in tree.posts:
            if post.parent is not None:
                self._reply.write(post.id, post.parent)
            if post.author is not None:
                self._wrote.write(post.author, post.id)
                self._author(post.author)

    def _author(self, id: str) -> None:
        if id not in self._authors:
            self._authors.add(id)
            self._user.write([self._user.row(exchange.author(id, client=self._client, now=self._now))])

    def _count(self, tree: FiledTree) -> None:
        self.trees += 1
        self.posts += len(tree.posts)
        self._states.setdefault(tree.posts[0].lang, Counter())[tree.state.value] += 1
        for lang, tally in exchange.tallies(tree.posts).items():
            self._tallies.setdefault(lang, Counter()).update(tally)
        self._kept_as_is.update(oasst.kept_as_is(tree))

    def finish(self, others: Others) -> None:
        """Writes the nodes without edges: those that were there, and what counts the trees."""
        for labels, properties in others:
            if labels == ["Language"]:
                states = self._states.setdefault(str(properties["tag"]), Counter())
                states.update({name: value for name, value in properties.items() if isinstance(value, int)})
            else:
                self._lone(":".join(labels), properties)
        for lang, states in self._states.items():
            self._lone("Language", {"tag": lang, **states})
        for each in exchange.credits(self._tallies, self._now):
            self._lone("Credit", stats.credit(each))

    def _lone(self, labels: str, properties: Mapping[str, object]) -> None:
        table = self._small.setdefault(labels, _Table(self._folder, labels.replace(":", "-")))
        try:
            # A client without capabilities may as well not say so.
            table.write([table.row({name: value for name, value in properties.items() if value != []})])
        except _Doubt as doubt:
            raise NotFresh(why=f"a node {labels} has a property that files cannot hold") from doubt

    def files(self, name: str, format: Format, rest: Path) -> Files:
        edges = {"ROOT": self._root, "REPLY_TO": self._reply, "WROTE": self._wrote}
        nodes = {"Tree": self._tree, "Post": self._post, "User": self._user, **self._small}
        return Files(
            nodes={label: table.files for label, table in nodes.items() if table.files},
            edges={kind: edges.files for kind, edges in edges.items() if edges.files},
            counts=Counts(self.trees, self.posts, kept_as_is=dict(self._kept_as_is)),
            name=name,
            format=format,
            rest=rest,
            empty=self._empty,
        )
