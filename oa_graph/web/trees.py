"""The tree explorer: a searchable list, and each tree as a drawing with a thread reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from statistics import fmean
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter
from markupsafe import Markup

from oa_graph.analysis import drawing, links
from oa_graph.domain.listings import FIRST_ID, LAST_ID, Bound, PageRange, PostFilter, TreeFilter
from oa_graph.domain.posts import Post, PostReview, ReviewKind, TextLabel
from oa_graph.domain.trees import ListedTree, TreeState
from oa_graph.policy.growth import FINISHED
from oa_graph.web import labels
from oa_graph.web.guards import UnfinishedTree
from oa_graph.web.render import page, see_other
from oa_graph.web.request import PageRequest
from oa_graph.web.texts import N_

_PAGE_SIZE = 30
"""Trees or messages on a page."""
_MAX_READS = 5
"""How often messages are read for one page: messages of hidden trees are dropped after reading."""


@dataclass(frozen=True, slots=True)
class StateWords:
    """The name of the state of a tree, and the kind of its badge."""

    label: str
    badge: str = ""


STATES: Mapping[TreeState, StateWords] = {
    TreeState.READY_FOR_EXPORT: StateWords(N_("finished"), "good"),
    TreeState.GROWING: StateWords(N_("growing"), "accent"),
    TreeState.RANKING: StateWords(N_("being ranked"), "accent"),
    TreeState.READY_FOR_SCORING: StateWords(N_("to be scored"), "accent"),
    TreeState.INITIAL_PROMPT_REVIEW: StateWords(N_("prompt under review"), "wait"),
    TreeState.PROMPT_LOTTERY_WAITING: StateWords(N_("waiting for the lottery"), "wait"),
    TreeState.BACKLOG_RANKING: StateWords(N_("waiting to be ranked"), "wait"),
    TreeState.ABORTED_LOW_GRADE: StateWords(N_("rejected"), "bad"),
    TreeState.SCORING_FAILED: StateWords(N_("without clear ranks"), "bad"),
    TreeState.HALTED_BY_MODERATOR: StateWords(N_("halted"), "bad"),
}
assert {*STATES} == {*TreeState}, "each state has its words"


# The list


@dataclass(frozen=True, slots=True)
class TreeSearch:
    """The filters of the list; an empty one filters nothing."""

    words: str
    lang: str
    state: str
    since: str
    until: str

    def address(self, after: str) -> str:
        """Return the address of the page after a cursor."""
        fields = {"q": self.words, "lang": self.lang, "state": self.state, "since": self.since, "until": self.until}
        return "/trees?" + urlencode({name: value for name, value in {**fields, "after": after}.items() if value})

    @property
    def is_narrow(self) -> bool:
        """Whether any filter is set."""
        return bool(self.words or self.lang or self.state or self.since or self.until)


@get("/trees")
async def trees(
    request: PageRequest,
    q: FromQuery[str] = "",
    lang: FromQuery[str] = "",
    tree_state: Annotated[str, QueryParameter(name="state")] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    """List trees or, with `q`, the messages that have its words."""
    languages = await languages_of(request)
    visible = [known for known in STATES if request.is_operator or known in FINISHED]
    words = " ".join(q.split())[:500]
    if words and not lang:
        lang = next((tag for tag in request.work_languages if tag in languages), next(iter(languages), "en"))
    search = TreeSearch(words, lang, tree_state if tree_state in visible else "", _day(since), _day(until))
    states = frozenset({TreeState(search.state)} if search.state else visible)
    span = _page_range(search, after)
    hits = await _hits(request, search, states, span) if words else MessageHits()
    rows = [] if words else await _trees(request, search, states, span)
    shown = rows[:_PAGE_SIZE]
    cursor = _cursor(shown[-1].created, shown[-1].id) if len(rows) > _PAGE_SIZE else hits.cursor
    return page(
        request,
        "trees.html",
        search=search,
        languages=languages,
        states=[(known, STATES[known]) for known in visible],
        state_words=STATES,
        trees=shown,
        hits=hits.posts,
        is_first=not after,
        older=search.address(cursor) if cursor else "",
    )


async def languages_of(request: PageRequest) -> Mapping[str, int]:
    """Return the number of posts by language, the most used language first."""
    counts = (await request.collection.statistics.counts()).active_by_lang
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _day(text: str) -> str:
    """Return a valid date as the form has it; empty for any other text."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _page_range(search: TreeSearch, after: str) -> PageRange[datetime]:
    """Return the range to read: one item more than a page shows."""
    low = Bound(_moment(search.since, time.min), FIRST_ID) if search.since else None
    end = Bound(_moment(search.until, time.max), LAST_ID) if search.until else None
    return PageRange(low, _parsed_cursor(after) or end, desc=True, limit=_PAGE_SIZE + 1)


def _moment(day: str, hour: time) -> datetime:
    return datetime.combine(date.fromisoformat(day), hour, UTC)


def _cursor(created: datetime | None, id: str) -> str:
    return f"{created.astimezone(UTC).isoformat()}${id}" if created else ""


def _parsed_cursor(after: str) -> Bound[datetime] | None:
    """Return where a page begins; None for the first page, and for text that is no cursor."""
    moment, _, id = after.partition("$")
    try:
        created = datetime.fromisoformat(moment)
        return Bound((created if created.tzinfo else created.replace(tzinfo=UTC)).astimezone(UTC), id)
    except (ValueError, OverflowError):
        return None


async def _trees(
    request: PageRequest, search: TreeSearch, states: frozenset[TreeState], span: PageRange[datetime]
) -> list[ListedTree]:
    where = TreeFilter(states, search.lang or None, include_deleted=request.is_operator)
    return await request.collection.posts.trees(span, where=where)


@dataclass(frozen=True, slots=True)
class MessageHits:
    """The found messages of a page with the states of their trees, and the cursor of the next page."""

    posts: Sequence[tuple[Post, TreeState]] = ()
    cursor: str = ""


async def _hits(
    request: PageRequest, search: TreeSearch, states: frozenset[TreeState], span: PageRange[datetime]
) -> MessageHits:
    """Search messages in trees of some states, newest first."""
    posts, hits = request.collection.posts, list[tuple[Post, TreeState]]()
    where = PostFilter(lang=search.lang, include_deleted=request.is_operator)
    last: Post | None = None
    for _ in range(_MAX_READS):
        listed_posts = await posts.page(span, where=where, words=search.words)
        tree_states = await posts.tree_states({listed.post.tree for listed in listed_posts})
        for last, _user in listed_posts[:_PAGE_SIZE]:
            if (state := tree_states.get(last.tree)) in states:
                hits.append((last, TreeState(state)))
            if len(hits) == _PAGE_SIZE:
                return MessageHits(hits, _cursor(last.created, last.id))
        if last is None or len(listed_posts) <= _PAGE_SIZE:
            return MessageHits(hits)
        span = PageRange(span.low, _parsed_cursor(_cursor(last.created, last.id)), desc=True, limit=span.limit)
    return MessageHits(hits, _cursor(last.created, last.id) if last else "")


# One tree


@dataclass(frozen=True, slots=True)
class ThreadStep:
    """A post of a thread, with its siblings."""

    post: Post
    siblings: Sequence[Post]

    @property
    def place(self) -> int:
        """The index of the post among its siblings, from 0."""
        return self.siblings.index(self.post)


@dataclass(frozen=True, slots=True)
class LabelMean:
    """The mean value of a label of a post."""

    label: TextLabel
    mean: float
    count: int | None
    """The number of reviews; None: the mean came with an import."""


@get("/trees/{tree_id:uuid}")
async def tree(request: PageRequest, tree_id: FromPath[UUID], post: FromQuery[str] = "") -> Response[Any]:
    """Show a tree. `post`: the id of the last post of the thread; by default the best thread is shown."""
    id, posts = str(tree_id), request.collection.posts
    whole = await posts.tree(id)
    if not (request.is_operator or whole.state in FINISHED):
        raise UnfinishedTree
    if whole.id != id:
        return see_other(f"/trees/{whole.id}?post={id}")
    tree_posts = await posts.tree_posts(id, include_deleted=request.is_operator)
    if not tree_posts:
        return see_other("/trees")
    by_id = {known.id: known for known in tree_posts}
    selected = by_id.get(post) or (drawing.best_thread(tree_posts) or tree_posts)[-1]
    reviews = await posts.reviews(selected.id)
    is_reader = request.headers.get("hx-target") == "reader"  # all that the script takes of the page
    return page(
        request,
        "tree.html",
        tree=whole,
        root=tree_posts[0],
        posts=tree_posts,
        selected=selected,
        steps=steps(tree_posts, selected),
        replies=drawing.in_order(tree_posts).get(selected.id, []),
        picture="" if is_reader else picture_of(request, tree_posts, selected=selected.id),
        marks=marks,
        means=label_means(reviews),
        reviews=reviews if request.is_operator else (),
        history=await posts.history(selected.id) if selected.edited and request.is_operator else (),
        label_words=labels.WORDS,
        state_words=STATES,
        kind_words=_KIND_WORDS,
        browser=links.post_address(request.neo4j_browser, selected.id)
        if request.neo4j_browser and request.is_operator
        else "",
    )


def steps(posts: Sequence[Post], selected: Post) -> list[ThreadStep]:
    """Return the thread from the root to a post."""
    by_id, replies = {post.id: post for post in posts}, drawing.in_order(posts)
    thread: list[ThreadStep] = []
    post: Post | None = selected
    while post is not None and len(thread) <= len(posts):
        above = by_id.get(post.parent or "")
        thread.append(ThreadStep(post, replies[above.id if above else None]))
        post = above
    return thread[::-1]


def label_means(reviews: Sequence[PostReview]) -> list[LabelMean]:
    """Return the mean of each label over the reviews of a post or, without reviews, of its import."""
    means: list[LabelMean] = []
    for label in TextLabel:
        values = _values(reviews, label, ReviewKind.REVIEW)
        imported = _values(reviews, label, ReviewKind.IMPORT)
        if values or imported:
            means.append(LabelMean(label, fmean(values or imported), len(values) or None))
    return means


def _values(reviews: Sequence[PostReview], label: TextLabel, kind: ReviewKind) -> list[float]:
    return [review.labels[label] for review in reviews if review.kind is kind and label in review.labels]


_KIND_WORDS: Mapping[ReviewKind, str] = {
    ReviewKind.REVIEW: N_("Review"),
    ReviewKind.REMARK: N_("Labels without a task"),
    ReviewKind.REPORT: N_("Reported"),
    ReviewKind.IMPORT: N_("Labels of the import"),
}

_PICTURE_WORDS: Mapping[str, str] = {
    "prompter": N_("User"),
    "assistant": N_("Assistant"),
    "deleted": N_("removed"),
    "under review": N_("under review"),
    "rejected": N_("not accepted"),
    "model": N_("model"),
    "end": N_("end"),
    drawing.TITLE: N_("Conversation tree"),
    drawing.READING: N_("Replies stand below, the best on the left."),
    drawing.NO_TEXT: N_("(no text)"),
    drawing.MARGIN_OF_ONE: N_("margin {} vote"),
    drawing.MARGIN: N_("margin {} votes"),
}
_BADGES: Mapping[str, str] = {"under review": "wait", "rejected": "bad", "end": "accent"}


def picture_of(
    request: PageRequest, posts: Sequence[Post], *, selected: str | None = None, name: str = "tree"
) -> Markup:
    """Return the drawing of a tree as SVG with links; texts are escaped. `name`: unique on its page."""
    in_page = drawing.InPage(
        link=lambda post: f"/trees/{post.tree}?post={post.id}",
        selected=selected,
        text=lambda word: request.gettext(_PICTURE_WORDS[word]),
    )
    return Markup(drawing.svg(posts, name=name, page=in_page))


def marks(request: PageRequest, post: Post) -> list[tuple[str, str]]:
    """Return the badges of a post, each with its text and kind: rank, state, origin."""
    rank = [] if post.rank is None else [(request.gettext(N_("rank %(rank)s"), rank=post.rank + 1), "")]
    return [*rank, *((request.gettext(_PICTURE_WORDS[word]), _BADGES.get(word, "")) for word in drawing.marks(post))]
