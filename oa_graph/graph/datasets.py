"""Whole trees on their way between files and the graph: written in batches, read as one stream.

What a file says of a post and the graph has no place of its own for stands in these properties, on imported posts only:

    imported_emojis   LIST<STRING>   each code as often as it was given; [] for a map without entries, absent for no map
    imported_labels   LIST<STRING>   names in the file's order; [] and absent as above
    label_<name>      FLOAT          their mean value
    label_<name>_count  INTEGER      and how many people gave it
    imported_detoxify LIST<STRING>   names of scores that a model gave
    detoxify_<name>   FLOAT          the scores
    position          INTEGER        place among its siblings in the file, which decides where ranks do not
    imported_id       STRING         id in the file, where that is no UUID as the graph has them; on trees as well
    imported_lang     STRING         language in the file, where that is not the language of the tree
    left_out          LIST<STRING>   fields that the file does not have although every export would
    extra             STRING         JSON object: what the file says beyond all that

`left_out` and `extra` stand on trees as well. `created` of a tree is the moment at which it came here, one microsecond
after the tree before it, so that trees leave in the order in which they came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import fsum
from operator import itemgetter
from typing import Any, NamedTuple

from neo4j.exceptions import AuthError, ClientError, DriverError, Neo4jError

from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import DEPTH_CAP, Role, TextLabel
from oa_graph.domain.scores import Credit
from oa_graph.domain.trees import TreeState
from oa_graph.errors import StoreUnavailable
from oa_graph.graph import leaderboards
from oa_graph.graph.session import Graph, StatementRefused, Tx, many, milliseconds, run
from oa_graph.graph.statements import catalogue

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_BUNCH, _CHUNK = 16, 128
"""Trees, and posts, that come in one row of the stream at most: a row costs as much as twenty posts."""
_AHEAD = 64
"""Rows that the driver reads ahead: as many as some megabytes of ordinary posts."""

_STILL_GROW = frozenset({TreeState.INITIAL_PROMPT_REVIEW, TreeState.PROMPT_LOTTERY_WAITING, TreeState.GROWING})
"""Trees in these states get the limits of this installation; the others take no replies that are asked for."""


class ImportedLabelMean(NamedTuple):
    """What several people say of a post under one name. `value` None: the file gives only the count."""

    value: float | None
    people: int


class ImportedRanking(NamedTuple):
    """How one person ranked the replies to a post."""

    maker: str
    shown: Sequence[int]
    """Positions of the replies as they were shown, best first."""
    not_rankable: bool
    order: Sequence[str]
    """Ids, best first."""


@dataclass(slots=True)  # not frozen: a stream makes a million of them, and that would take three times as long
class DatasetPost:
    """A post with all that files know of it."""

    id: str
    parent: str | None
    role: Role
    text: str
    lang: str
    depth: int
    position: int | None = None
    """Place among its siblings in the file; None: it was written here."""
    author: str | None = None
    created: datetime | None = None
    """None: the file does not say."""
    reviews: int = 0
    accepted: bool | None = None
    deleted: bool = False
    rank: int | None = None
    synthetic: bool = False
    model_name: str | None = None
    emojis: Mapping[str, int] | None = None
    labels: Mapping[str, ImportedLabelMean] | None = None
    detoxify: Mapping[str, float] | None = None
    left_out: frozenset[str] = frozenset()
    """Names of fields, as the file format calls them."""
    extra: str | None = None
    """A JSON object."""
    margin: int | None = None
    """Of the consensus over its replies: by how many voters the weakest pair of neighbours was decided."""
    ended: bool | None = None
    """Whether the conversation ends here; None: not decided."""
    reactions: Sequence[tuple[str, str]] = ()
    """Of people here: user id and emoji."""
    rankings: Sequence[ImportedRanking] = ()
    """Of its replies, by people here."""
    imported_id: str | None = None
    """In its file, where the graph has another; None from the graph, which gives that of the file as `id`."""
    imported_lang: str | None = None
    """As above."""


@dataclass(slots=True)
class DatasetTree:
    """A tree with all that files know of it."""

    id: str
    state: TreeState
    posts: Sequence[DatasetPost]
    """From a file: the root first, each after its parent. From the graph: in any order."""
    origin: str | None = None
    left_out: frozenset[str] = frozenset()
    extra: str | None = None
    imported_id: str | None = None
    """As on posts."""


class TreeCount(NamedTuple):
    """How many trees there are of one language and state."""

    lang: str
    state: TreeState
    trees: int
    dated: int
    """Of these, trees that begin within the dates that were asked for."""


DESIRABLE = "desirable"
"""The label of a reply that a file calls wanted (1) or unwanted (0) without comparing it."""


class StoredTree(NamedTuple):
    """What an import has to know of a post that is here already."""

    deleted: bool = False
    rank: int | None = None
    desirable: float | None = None
    """Mean of the label of that name; None: it has none."""
    compared: bool = False
    """Whether it has replies with ranks."""
    lang: str = ""
    """Known only of posts in the graph."""


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post on its way into the graph."""

    properties: dict[str, object]
    """All but `created` and `day`."""
    above: int | None
    """The place of its parent in the tree; None: the root."""
    created: datetime


async def known_ids(tx: Tx, ids: Collection[str]) -> dict[str, TreeState]:
    """Those of the trees that are here already, with their states."""
    rows = await many(tx, "datasets/known_ids", lambda row: (str(row["id"]), TreeState(row["state"])), ids=list(ids))
    return dict(rows)


class Parent(NamedTuple):
    """A post that imported replies name as their parent."""

    tree: str
    role: Role
    lang: str
    depth: int
    deleted: bool
    state: TreeState


async def parents(tx: Tx, ids: Collection[str]) -> dict[str, Parent]:
    """Those of the posts that are here, by id."""
    rows = await many(
        tx,
        "datasets/parents",
        lambda row: (
            str(row["id"]),
            Parent(row["tree"], Role(row["role"]), row["lang"], row["depth"], row["deleted"], TreeState(row["state"])),
        ),
        ids=list(ids),
    )
    return dict(rows)


async def stored_trees(tx: Tx, *, trees: Collection[str], posts: Collection[str]) -> dict[str, StoredTree]:
    """Those of the posts that are here already; locks the trees."""
    rows = await many(
        tx,
        "datasets/stored_posts",
        lambda row: (
            str(row["id"]),
            StoredTree(row["deleted"], row["rank"], row["desirable"], row["compared"], row["lang"]),
        ),
        trees=sorted(trees),
        posts=list(posts),
    )
    return dict(rows)


async def add_posts(
    tx: Tx,
    posts: Sequence[tuple[DatasetPost, str, datetime]],
    *,
    client: str,
    labels: Mapping[str, str],
    now: datetime,
) -> None:
    """Add replies to trees that are here, each with its tree and the moment of its coming, and counts them.

    Who calls it holds the trees. Opens no places. Raise KeyTaken when a post of that id exists.
    """
    await run(
        tx,
        "datasets/add_posts",
        posts=[
            {"post": _post(post, tree, client), "parent": post.parent, **_since_1970(post.created or moment)}
            for post, tree, moment in posts
        ],
        labels=dict(labels),
    )
    await _count(tx, tallies(post for post, _, _ in posts), now)


async def store(
    tx: Tx,
    trees: Sequence[tuple[DatasetTree, datetime]],
    *,
    client: str,
    labels: Mapping[str, str],
    limits: Limits,
    now: datetime,
) -> list[str]:
    """Write trees that are not here yet, each with the moment of its coming, and counts them for their languages.

    Posts are labelled by their languages as `labels` say. Opens no places. Return the ids of posts that people here
    wrote, who get no credit yet. Raise KeyTaken when a post or tree of that id exists.
    """
    authors = {post.author for tree, _ in trees for post in tree.posts if post.author is not None}
    people = {
        *await many(tx, "datasets/add_authors", lambda row: str(row["id"]), ids=sorted(authors), client=client, now=now)
    }
    await run(
        tx,
        "datasets/store",
        trees=[_sent(*nodes(tree, moment, client=client, limits=limits)) for tree, moment in trees],
        labels=dict(labels),
    )
    await _count(tx, tallies(post for tree, _ in trees for post in tree.posts), now)
    counts = Counter((tree.posts[0].lang, tree.state.value) for tree, _ in trees)
    await run(
        tx,
        "datasets/count_trees",
        counts=[{"lang": lang, "state": state, "trees": number} for (lang, state), number in sorted(counts.items())],
    )
    return [post.id for tree, _ in trees for post in tree.posts if post.author in people]


async def _count(tx: Tx, tallies: Mapping[str, Counter[str]], now: datetime) -> None:
    await leaderboards.add_credits(tx, credits(tallies, now))


def credits(tallies: Mapping[str, Counter[str]], now: datetime) -> Iterator[Credit]:
    """What the boards are to be told of new posts."""
    return (Credit(milliseconds(now), tally, lang=lang) for lang, tally in tallies.items())


def tallies(posts: Iterable[DatasetPost]) -> dict[str, Counter[str]]:
    """What the posts count for their languages; their authors are the system's and get no credit."""
    tallies: dict[str, Counter[str]] = {}
    kinds = Counter(
        (post.lang, post.parent is None, post.deleted, post.accepted and not post.synthetic and post.role)
        for post in posts
    )
    for (lang, is_root, deleted, human), number in kinds.items():
        tally = tallies.setdefault(lang, Counter())
        tally["trees"] += is_root * number
        tally["posts"] += number
        if deleted:
            tally["deleted"] += number
        elif human:
            tally[f"human_{human}"] += number
    return tallies


def nodes(
    tree: DatasetTree, moment: datetime, *, client: str, limits: Limits
) -> tuple[dict[str, object], list[NewPost]]:
    """The properties of a tree that comes at that moment, and its posts in their order."""
    grows = tree.state in _STILL_GROW
    root = tree.posts[0]
    properties: dict[str, object] = {
        "id": tree.id,
        "state": tree.state.value,
        "lang": root.lang,
        **(_room(tree, limits) if grows else {"goal": 0, "max_depth": _depth(tree), "max_children": 0}),
        "created": moment,
        "entered": moment,
    }
    _add(
        properties,
        origin=tree.origin,
        left_out=sorted(tree.left_out) or None,
        extra=tree.extra,
        imported_id=tree.imported_id,
    )
    places = {post.id: place for place, post in enumerate(tree.posts)}
    return properties, [
        NewPost(
            _post(post, tree.id, client),
            above=None if post.parent is None else places[post.parent],
            created=post.created or moment + place * _MICROSECOND,
        )
        for place, post in enumerate(tree.posts)
    ]


def _sent(tree: Mapping[str, object], posts: Sequence[NewPost]) -> dict[str, object]:
    """A tree as `datasets/store` takes it."""
    return {
        "tree": tree,
        "posts": [{"post": post.properties, "above": post.above, **_since_1970(post.created)} for post in posts],
    }


def _depth(tree: DatasetTree) -> int:
    return max(post.depth for post in tree.posts)


def _room(tree: DatasetTree, limits: Limits) -> dict[str, int]:
    """The limits of a tree that grows, wide enough for each thread that ends in a question to get its answer."""
    parents = {post.parent for post in tree.posts}
    live = [post for post in tree.posts if not post.deleted and post.accepted is not False]
    open_ends = [post for post in live if post.role is Role.PROMPTER and post.id not in parents]
    enough = limits.goal_tree_size if len(live) < limits.goal_tree_size else len(live) + len(open_ends)
    deepest = max([limits.max_tree_depth, _depth(tree), *(post.depth + 1 for post in open_ends)])
    return {
        "goal": max(limits.goal_tree_size, enough),
        "max_depth": min(deepest, DEPTH_CAP),
        "max_children": limits.max_children_count,
    }


def _since_1970(moment: datetime) -> dict[str, int]:
    passed = moment - _EPOCH
    return {"seconds": passed.days * 86_400 + passed.seconds, "nanosecond": passed.microseconds * 1000}


def _post(post: DatasetPost, tree: str, client: str) -> dict[str, object]:
    """An absent property is not written: it would only cost its way over the wire."""
    properties: dict[str, object] = {
        "id": post.id,
        "tree": tree,
        "role": _ROLE_NAMES[post.role],
        "text": post.text,
        "lang": post.lang,
        "depth": post.depth,
        "client": client,
        "frontend_id": post.id,
        "reviews": post.reviews,
        "deleted": post.deleted,
        "edited": False,
        "synthetic": post.synthetic,
    }
    if post.author is not None:
        properties["author"] = post.author
    if post.accepted is not None:
        properties["accepted"] = post.accepted
    if post.rank is not None:
        properties["rank"] = post.rank
    if post.ended is not None:
        properties["ended"] = post.ended
    if post.model_name is not None:
        properties["model_name"] = post.model_name
    if post.position is not None:
        properties["position"] = post.position
    if post.left_out:
        properties["left_out"] = sorted(post.left_out)
    if post.extra is not None:
        properties["extra"] = post.extra
    if post.imported_id is not None:
        properties["imported_id"] = post.imported_id
    if post.imported_lang is not None:
        properties["imported_lang"] = post.imported_lang
    if post.emojis is not None:
        properties["imported_emojis"] = [code for code, count in post.emojis.items() for _ in range(count)]
    if post.labels is not None:
        properties["imported_labels"] = list(post.labels)
        for name, (value, people) in post.labels.items():
            of_value, of_count = _label_properties(name)
            properties[of_value], properties[of_count] = value, people
    if post.detoxify is not None:
        properties["imported_detoxify"] = list(post.detoxify)
        for name, value in post.detoxify.items():
            properties[f"detoxify_{name}"] = value
    return properties


_ROLE_NAMES = {role: role.value for role in Role}


@lru_cache(1000)
def _label_properties(name: str) -> tuple[str, str]:
    return f"label_{name}", f"label_{name}_count"


def _add(properties: dict[str, object], **values: object) -> None:
    """An absent property is not written: it would only cost its way over the wire."""
    properties.update({name: value for name, value in values.items() if value is not None})


async def tree_counts(tx: Tx, *, since: datetime | None, until: datetime | None) -> list[TreeCount]:
    """Count all trees by language and state. `since`, `until`: bounds of when the root was written."""
    return await many(
        tx,
        "datasets/tree_counts",
        lambda row: TreeCount(row["lang"], TreeState(row["state"]), row["trees"], row["dated"]),
        states=sorted(state.value for state in TreeState),
        since=since,
        until=until,
    )


async def label_names(tx: Tx) -> frozenset[str]:
    """Return the names of all labels: those that reviews give, and those that came with files."""
    imported = await many(tx, "datasets/label_names", lambda row: str(row["name"]))
    return frozenset(imported).union(_LABELS)


async def unknown_users(tx: Tx, ids: Collection[str]) -> dict[str, list[str]]:
    """Return the ids that no user has, each with the ids of a few users who have it as a name."""
    rows = await many(
        tx, "datasets/unknown_users", lambda row: (str(row["id"]), list(map(str, row["named"]))), ids=sorted(ids)
    )
    return dict(rows)


async def dataset_trees(
    graph: Graph,
    *,
    states: Collection[TreeState],
    langs: Collection[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    without: Collection[str] = (),
    by_people: bool = False,
) -> AsyncGenerator[DatasetTree, None]:
    """The trees in some states, in the order in which they came; holds one tree and what the driver reads ahead.

    `langs` None: all. `since`, `until`: bounds of when the root was written, the later one not among them. `without`:
    ids of users whose labels, reactions and rankings are passed over; their posts are not. `by_people`: with
    `DatasetPost.reactions` and `rankings`, which takes longer.

    Close it when it is not read to its end. Raise StoreUnavailable when the connection is lost on the way.
    """
    parameters: dict[str, object] = {
        "langs": None if langs is None else sorted(langs),
        "since": since,
        "until": until,
        "without": sorted(without) or None,
        "by_people": by_people,
    }
    heads: dict[str, Sequence[Any]] = {}
    tree: str | None = None
    posts: list[DatasetPost] = []
    async with aclosing(streamed_trees(graph, states=states, **parameters)) as rows:
        async for trees, post_rows in rows:
            for fields in post_rows:
                if fields[0] != tree:
                    if tree is not None:
                        yield _filed_tree(heads[tree], posts)
                    tree, posts = fields[0], []
                    if trees is not None:
                        heads, trees = {head[0]: head for head in trees}, None
                posts.append(_filed_post(fields))
    if tree is not None:
        yield _filed_tree(heads[tree], posts)


async def streamed_trees(
    graph: Graph, *, states: Collection[TreeState], **parameters: object
) -> AsyncGenerator[tuple[Sequence[Any] | None, Sequence[Any]], None]:
    """The rows of `datasets/trees` as the driver gives them: trees and posts. Otherwise as `dataset_trees`."""
    query = catalogue()["datasets/trees"]
    asked = {"states": sorted(state.value for state in states), "bunch": _BUNCH, "chunk": _CHUNK, **parameters}
    try:
        async with graph.session(read=True, ahead=_AHEAD) as session:
            async for record in await session.run(query.text, query.sent(asked)):
                trees, posts = record.values()
                yield trees, posts
    except (Neo4jError, DriverError) as error:
        ours = isinstance(error, ClientError) and not isinstance(error, AuthError)
        raise (StatementRefused if ours else StoreUnavailable)(why=str(error)) from error


_LABELS = tuple(sorted(label.value for label in TextLabel))
"""In the order in which `datasets/trees` gives their values: by name."""
_STATES: Mapping[str, TreeState] = {state.value: state for state in TreeState}
_ROLES: Mapping[str, Role] = {role.value: role for role in Role}
_NOTHING: frozenset[str] = frozenset()


def _filed_tree(head: Sequence[Any], posts: Sequence[DatasetPost]) -> DatasetTree:
    id, state, left_out, extra, origin, imported_id = head
    return DatasetTree(imported_id or id, _STATES[state], posts, origin, frozenset(left_out or ()), extra)


def _filed_post(fields: Sequence[Any]) -> DatasetPost:
    (
        _, id, parent, role, text, lang, depth, position, author, created, reviews, accepted, deleted, rank, synthetic,
        model_name, left_out, extra, margin, ended, imported_emojis, emojis, labels, label_values, label_counts,
        given_labels, detoxify, detoxify_values, reactions, rankings,
    ) = fields  # fmt: skip
    return DatasetPost(
        id,
        parent,
        _ROLES[role],
        text,
        lang,
        depth,
        position,
        author,
        None if created is None else _EPOCH + timedelta(0, 0, created),
        reviews or 0,
        accepted,
        deleted or False,
        rank,
        synthetic or False,
        model_name,
        _emojis(imported_emojis, emojis) if emojis or imported_emojis is not None else None,
        _labels(labels, label_values, label_counts, given_labels) if given_labels or labels is not None else None,
        None if detoxify is None else dict(zip(detoxify, detoxify_values, strict=True)),
        frozenset(left_out) if left_out else _NOTHING,
        extra,
        margin,
        ended,
        tuple(sorted(map(tuple, reactions))) if reactions else (),
        _rankings(rankings) if rankings else (),
    )


def _rankings(rows: Sequence[Sequence[Any]]) -> tuple[ImportedRanking, ...]:
    """By their ids, so that their order does not depend on how the graph walks."""
    return tuple(
        ImportedRanking(maker, tuple(order or ()), bool(not_rankable), tuple(id for _, id in sorted(places)))
        for _, maker, order, not_rankable, places in sorted(rows, key=itemgetter(0))
    )


def _emojis(imported: Sequence[str] | None, reactions: Sequence[str]) -> dict[str, int] | None:
    """The file's emojis and those of people here; the order does not depend on how the graph walks."""
    if imported is None and not reactions:
        return None
    return dict(Counter(imported or ()) + Counter(sorted(reactions)))


def _labels(
    names: Sequence[str] | None,
    label_values: Sequence[float | None],
    label_counts: Sequence[int],
    given_values: Sequence[Sequence[float | None]],
) -> dict[str, ImportedLabelMean]:
    """The file's means and what people here said, as one."""
    means: dict[str, ImportedLabelMean] = {}
    if names is not None:
        means.update(zip(names, map(ImportedLabelMean, label_values, label_counts), strict=True))
    # By the values of one label after the other, the names in their order; most have none.
    nothing = (None,) * len(given_values)
    for name, column in zip(_LABELS, zip(*given_values, strict=True), strict=False):
        if column != nothing:
            values = [value for value in column if value is not None]
            if name in means:
                means[name] = _merged(means[name], values)
            else:
                means[name] = ImportedLabelMean(fsum(values) / len(values), len(values))
    return means


def _merged(mean: ImportedLabelMean, values: Sequence[float]) -> ImportedLabelMean:
    """`fsum` is exact, so the order in which the graph finds the values does not show."""
    if mean.value is None:
        return ImportedLabelMean(fsum(values) / len(values), len(values))
    count = mean.people + len(values)
    return ImportedLabelMean(fsum([mean.value * mean.people, *values]) / count, count)
