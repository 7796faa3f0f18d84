"""Whole trees on their way between files and the graph: written in batches, read as one stream.

What a file says of a post and the graph has no place of its own for stands in these properties, on imported posts only:

    imported_emojis   LIST<STRING>   each code as often as it was given; [] for a map without entries, absent for no map
    imported_labels   LIST<STRING>   names in the file's order; [] and absent as above
    label_<name>      FLOAT          their mean value
    label_<name>_count  INTEGER      and how many people gave it
    imported_detoxify LIST<STRING>   names of scores that a model gave
    detoxify_<name>   FLOAT          the scores
    position          INTEGER        place among its siblings in the file, which decides where ranks do not
    left_out          LIST<STRING>   fields that the file does not have although every export would
    extra             STRING         JSON object: what the file says beyond all that

`left_out` and `extra` stand on trees as well. `created` of a tree is the moment at which it came here, one microsecond
after the tree before it, so that trees leave in the order in which they came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import fsum
from typing import Any, NamedTuple

from neo4j.exceptions import AuthError, ClientError, DriverError, Neo4jError

from oa_graph.errors import StoreUnavailable
from oa_graph.graph import stats
from oa_graph.graph.queries import catalogue
from oa_graph.graph.session import Graph, Row, StatementRefused, Tx, many, milliseconds, run
from oa_graph.model import DEPTH_CAP, Credit, Limits, Role, TreeState

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_CHUNK = 8
"""Posts in one row of the stream: the driver reads a thousand rows ahead, and each row costs 30 microseconds."""

_STILL_GROW = frozenset({TreeState.INITIAL_PROMPT_REVIEW, TreeState.PROMPT_LOTTERY_WAITING, TreeState.GROWING})
"""Trees in these states get the limits of this installation; the others take no replies that are asked for."""


class LabelMean(NamedTuple):
    """What several people say of a post under one name. `value` None: the file gives only the count."""

    value: float | None
    people: int


@dataclass(frozen=True, slots=True)
class FiledPost:
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
    labels: Mapping[str, LabelMean] | None = None
    detoxify: Mapping[str, float] | None = None
    left_out: frozenset[str] = frozenset()
    """Names of fields, as the file format calls them."""
    extra: str | None = None
    """A JSON object."""


@dataclass(frozen=True, slots=True)
class FiledTree:
    """A tree with all that files know of it."""

    id: str
    state: TreeState
    posts: Sequence[FiledPost]
    """From a file: the root first, each after its parent. From the graph: in any order."""
    origin: str | None = None
    left_out: frozenset[str] = frozenset()
    extra: str | None = None


async def known(tx: Tx, ids: Collection[str]) -> dict[str, TreeState]:
    """Those of the trees that are here already, with their states."""
    rows = await many(tx, "exchange/known", lambda row: (str(row["id"]), TreeState(row["state"])), ids=list(ids))
    return dict(rows)


async def standing(tx: Tx, *, trees: Collection[str], posts: Collection[str]) -> dict[str, bool]:
    """Those of the posts that are here already, and whether they are deleted; locks the trees."""
    rows = await many(
        tx,
        "exchange/standing",
        lambda row: (str(row["id"]), bool(row["deleted"])),
        trees=sorted(trees),
        posts=list(posts),
    )
    return dict(rows)


async def graft(
    tx: Tx,
    posts: Sequence[tuple[FiledPost, str, datetime]],
    *,
    client: str,
    labels: Mapping[str, str],
    now: datetime,
) -> None:
    """Adds replies to trees that are here, each with its tree and the moment of its coming, and counts them.

    Who calls it holds the trees. Opens no places. Raises Taken when a post of that id exists.
    """
    await run(
        tx,
        "exchange/graft",
        posts=[
            {"post": _post(post, tree, client), "parent": post.parent, **_since_1970(post.created or moment)}
            for post, tree, moment in posts
        ],
        labels=dict(labels),
    )
    await _count(tx, _tallies(post for post, _, _ in posts), now)


async def store(
    tx: Tx,
    trees: Sequence[tuple[FiledTree, datetime]],
    *,
    client: str,
    labels: Mapping[str, str],
    limits: Limits,
    now: datetime,
) -> None:
    """Writes trees that are not here yet, each with the moment of its coming, and counts them for their languages.

    Posts are labelled by their languages as `labels` say. Opens no places. Raises Taken when a post or tree of that id
    exists.
    """
    authors = {post.author for tree, _ in trees for post in tree.posts if post.author is not None}
    await run(tx, "exchange/authors", ids=sorted(authors), client=client, now=now)
    await run(
        tx,
        "exchange/store",
        trees=[_tree(tree, moment, client, limits) for tree, moment in trees],
        labels=dict(labels),
    )
    await _count(tx, _tallies(post for tree, _ in trees for post in tree.posts), now)
    counts = Counter((tree.posts[0].lang, tree.state.value) for tree, _ in trees)
    await run(
        tx,
        "exchange/count",
        counts=[{"lang": lang, "state": state, "trees": each} for (lang, state), each in sorted(counts.items())],
    )


async def _count(tx: Tx, tallies: Mapping[str, Counter[str]], now: datetime) -> None:
    await stats.leave(tx, (Credit(milliseconds(now), each, lang=lang) for lang, each in tallies.items()))


def _tallies(posts: Iterable[FiledPost]) -> dict[str, Counter[str]]:
    """What the posts count for their languages; their authors are the system's and get no credit."""
    found: dict[str, Counter[str]] = {}
    kinds = Counter(
        (post.lang, post.parent is None, post.deleted, post.accepted and not post.synthetic and post.role)
        for post in posts
    )
    for (lang, is_root, deleted, human), number in kinds.items():
        tally = found.setdefault(lang, Counter())
        tally["trees"] += is_root * number
        tally["posts"] += number
        if deleted:
            tally["deleted"] += number
        elif human:
            tally[f"human_{human}"] += number
    return found


def _tree(tree: FiledTree, moment: datetime, client: str, limits: Limits) -> dict[str, object]:
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
    _add(properties, origin=tree.origin, left_out=sorted(tree.left_out) or None, extra=tree.extra)
    places = {post.id: place for place, post in enumerate(tree.posts)}
    posts = [
        {
            "post": _post(post, tree.id, client),
            "above": None if post.parent is None else places[post.parent],
            **_since_1970(post.created or moment + place * _MICROSECOND),
        }
        for place, post in enumerate(tree.posts)
    ]
    return {"tree": properties, "posts": posts}


def _depth(tree: FiledTree) -> int:
    return max(post.depth for post in tree.posts)


def _room(tree: FiledTree, limits: Limits) -> dict[str, int]:
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


def _post(post: FiledPost, tree: str, client: str) -> dict[str, object]:
    """An absent property is not written: it would only cost its way over the wire."""
    properties: dict[str, object] = {
        "id": post.id,
        "tree": tree,
        "role": _ROLES[post.role],
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
    if post.model_name is not None:
        properties["model_name"] = post.model_name
    if post.position is not None:
        properties["position"] = post.position
    if post.left_out:
        properties["left_out"] = sorted(post.left_out)
    if post.extra is not None:
        properties["extra"] = post.extra
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


_ROLES = {role: role.value for role in Role}


@lru_cache(1000)
def _label_properties(name: str) -> tuple[str, str]:
    return f"label_{name}", f"label_{name}_count"


def _add(properties: dict[str, object], **values: object) -> None:
    """An absent property is not written: it would only cost its way over the wire."""
    properties.update({name: value for name, value in values.items() if value is not None})


async def filed_trees(
    graph: Graph, *, states: Collection[TreeState], lang: str | None
) -> AsyncGenerator[FiledTree, None]:
    """The trees in some states, in the order in which they came; holds one tree and what the driver reads ahead.

    Close it when it is not read to its end. Raises StoreUnavailable when the connection is lost on the way.
    """
    query = catalogue()["exchange/trees"]
    parameters = {"states": sorted(state.value for state in states), "lang": lang, "chunk": _CHUNK}
    try:
        async with graph.session(read=True) as session:
            tree: FiledTree | None = None
            posts: list[FiledPost] = []
            async for record in await session.run(query.text, query.sent(parameters)):
                if tree is None or record["id"] != tree.id:
                    if tree is not None:
                        yield tree
                    posts = []
                    tree = _filed_tree(record, posts)
                posts.extend(_filed_post(fields) for fields in record["posts"])
            if tree is not None:
                yield tree
    except (Neo4jError, DriverError) as error:
        ours = isinstance(error, ClientError) and not isinstance(error, AuthError)
        raise (StatementRefused if ours else StoreUnavailable)(why=str(error)) from error


def _filed_tree(row: Row, posts: Sequence[FiledPost]) -> FiledTree:
    return FiledTree(
        id=row["id"],
        state=TreeState(row["state"]),
        posts=posts,
        left_out=frozenset(row["left_out"] or ()),
        extra=row["extra"],
    )


def _filed_post(fields: Mapping[str, Any]) -> FiledPost:
    get = fields.get
    created, detoxify = get("created"), get("detoxify")
    return FiledPost(
        id=fields["id"],
        parent=get("parent"),
        role=Role(fields["role"]),
        text=fields["text"],
        lang=fields["lang"],
        depth=fields["depth"],
        position=get("position"),
        author=get("author"),
        created=None if created is None else _EPOCH + timedelta(microseconds=created),
        reviews=get("reviews") or 0,
        accepted=get("accepted"),
        deleted=get("deleted") or False,
        rank=get("rank"),
        synthetic=get("synthetic") or False,
        model_name=get("model_name"),
        emojis=_emojis(get("imported_emojis"), fields["reactions"]),
        labels=_labels(fields),
        detoxify=None if detoxify is None else dict(zip(detoxify, fields["detoxify_values"], strict=True)),
        left_out=frozenset(get("left_out") or ()),
        extra=get("extra"),
    )


def _emojis(imported: Sequence[str] | None, reactions: Sequence[str]) -> dict[str, int] | None:
    """The file's emojis and those of people here; the order does not depend on how the graph walks."""
    if imported is None and not reactions:
        return None
    return dict(Counter(imported or ()) + Counter(sorted(reactions)))


def _labels(fields: Mapping[str, Any]) -> dict[str, LabelMean] | None:
    """The file's means and what people here said, as one."""
    names: Sequence[str] | None = fields["labels"]
    said: Sequence[Mapping[str, object]] = fields["said"]
    means: dict[str, LabelMean] = {}
    if names is not None:
        means.update(zip(names, map(LabelMean, fields["label_values"], fields["label_counts"]), strict=True))
    values: dict[str, list[float]] = {}
    for review in said:
        for name, value in review.items():
            if isinstance(value, (int, float)):
                values.setdefault(name, []).append(value)
    for name in sorted(values):
        means[name] = _merged(means.get(name), values[name])
    return means if means or names is not None else None


def _merged(mean: LabelMean | None, values: Sequence[float]) -> LabelMean:
    """`fsum` is exact, so the order in which the graph finds the values does not show."""
    if mean is None or mean.value is None:
        return LabelMean(fsum(values) / len(values), len(values))
    count = mean.people + len(values)
    return LabelMean(fsum([mean.value * mean.people, *values]) / count, count)
