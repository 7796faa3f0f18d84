"""Graphs like the real ones, of any size: the same for the same seed, and just as the service would have left them.

A tree is grown here by the rules of the protocol: its shape after the trees that Open-Assistant published, its open
places after `cypher/trees/enter_state.cypher`, which `bench.fill.check` holds against it. What the figures need
and nature does not give is plenty of open places in a small graph, so more of its trees are growing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from random import Random
from typing import TypeAlias
from uuid import NAMESPACE_URL, UUID, uuid5

from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import Role
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.domain.users import AuthMethod, UserIdentity
from oa_graph.policy import growth, ranking, review, sampling

LIMITS = Limits(max_tree_depth=4, goal_tree_size=40, max_pending_tasks_per_user=1_000_000)
"""Of the service under test: default, but for trees that do not fill up and users who never have too much to do."""

CLIENT = str(uuid5(NAMESPACE_URL, "oa-graph:trusted-client"))
"""The trusted client that `oa-graph serve` makes."""

LANGS: Mapping[str, int] = {"en": 60, "es": 16, "de": 8, "ru": 7, "fr": 5, "zh": 4}
"""Weights."""

_WORDS: Mapping[str, str] = {
    "en": "the of water how and answer please why could a story about is that write list makes small because world",
    "es": "el de agua cómo y respuesta por qué podría una historia sobre es que escribe lista mañana pequeño mundo año",
    "de": "der von Wasser wie und Antwort bitte warum könnte eine Geschichte über ist dass schreibe Liste größer Welt",
    "ru": "вода как и ответ пожалуйста почему мог история о есть что напиши список делает маленький потому мир год",
    "fr": "le de eau comment et réponse pourquoi pourrait une histoire sur est que écris liste petit parce monde été",
    "zh": "水 如何 和 回答 请 为什么 可以 一个 故事 关于 是 写 列表 使 小 因为 世界 年 的 了",
}
_LOTTERY_WON = frozenset(
    {TreeState.GROWING, TreeState.RANKING, TreeState.READY_FOR_SCORING, TreeState.READY_FOR_EXPORT}
)
_CORPUS = 200_000
"""Characters for each language; a text is a piece of them."""

_BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
_YEAR = 365 * 86_400
MADE = _BEGIN + timedelta(days=400)
"""When the last tree was changed."""

_LABELS = ("quality", "creativity", "humor", "toxicity", "violence")
_ROOT_REPLIES = ((3, 2, 1), (80, 15, 5))
_DEEP_REPLIES = ((0, 1, 2, 3), (26, 16, 28, 30))
_FINISHED, _GROWING, _WANTED = 11.2, 6.4, 4.2
"""Posts of a finished tree and of a growing one, and replies that the latter wants; on average, to plan by."""
_UNDECIDED = 0.15
"""Part of the posts of a growing tree."""
_TOLD = 0.1
"""Part of the finished trees of which all is there that led to them: tasks, reviews, rankings, reactions."""
_SKIPPED, _REACTED, _REPORTED, _SYNTHETIC = 0.1, 0.2, 0.01, 0.08
"""Part of the posts of such a tree that somebody would not answer, gave a reaction, reported, or had a model write."""
_REASONS = (None, "too hard", "not my language", "I do not know enough of this")
_MODELS = ("parrot-1", "parrot-2", "magpie-7b")
MADE_BY = "made-"
"""The frontend's ids of posts and tasks that are generated begin so."""


@dataclass(slots=True)
class Post:
    """A `Post` node; `parent` and `replies` are edges."""

    id: str
    tree: str
    role: Role
    text: str
    lang: str
    depth: int
    created: datetime
    client: str
    frontend_id: str
    author: str
    reply_key: str | None
    accepted: bool | None
    reviews: int
    deleted: bool = False
    edited: bool = False
    synthetic: bool = False
    model_name: str | None = None
    rank: int | None = None
    consensus_margin: int | None = None
    pool: str | None = None
    key: float | None = None
    wants: int | None = None
    parent: Post | None = field(default=None, repr=False)
    replies: list[Post] = field(default_factory=list["Post"], repr=False)

    @property
    def counts(self) -> bool:
        """Whether it takes up a place: it lives, and nobody has rejected it."""
        return not self.deleted and self.accepted is not False

    @property
    def stands(self) -> bool:
        return not self.deleted and self.accepted is True


@dataclass(slots=True)
class User:
    """A `User` node."""

    id: str
    client: str
    method: str
    name: str
    display_name: str
    created: datetime
    last_activity: datetime
    streak_start: datetime
    enabled: bool = True
    deleted: bool = False
    notes: str = ""
    show_on_leaderboard: bool = True


@dataclass(slots=True)
class Review:
    """A `Review` node; `post` is the edge `OF`, `maker` is also the edge `MADE`."""

    id: str
    key: str
    maker: str
    text: str
    created: datetime
    spam: float
    lang_mismatch: float
    quality: float
    creativity: float
    humor: float
    toxicity: float
    violence: float
    post: str = field(repr=False)


@dataclass(slots=True)
class Ranking:
    """A `Ranking` node; `parent` is the edge `UNDER`, `ranked` the edges `RANKED`, best first."""

    id: str
    key: str
    maker: str
    order: tuple[int, ...]
    not_rankable: bool
    created: datetime
    parent: str = field(repr=False)
    ranked: tuple[str, ...] = field(repr=False)


@dataclass(slots=True)
class Task:
    """A `Task` node that is over; `taker`, `subject`, `gave` and `offered` are the edges TOOK, FOR, GAVE, OFFERED."""

    id: str
    kind: TaskKind
    client: str
    ack: str
    lang: str
    policy: str
    collective: bool
    created: datetime
    acked: datetime
    expires: datetime
    done: datetime | None
    refused: datetime | None
    skipped: bool | None
    skip_reason: str | None
    taker: str = field(repr=False)
    subject: str | None = field(repr=False)
    gave: str | None = field(repr=False)
    offered: tuple[str, ...] = field(default=(), repr=False)


@dataclass(slots=True)
class Report:
    """A `SimulationReport` node, which has no id of its own; `maker` and `post` are the edges MADE and ABOUT."""

    id: str
    text: str
    created: datetime
    maker: str = field(repr=False)
    post: str = field(repr=False)


@dataclass(slots=True)
class Flag:
    """A `Flag` node, which has no id of its own; `post` is also the edge FLAGGED."""

    id: str
    post: str
    processed: bool
    created: datetime


@dataclass(slots=True)
class Reaction:
    """An edge REACTED."""

    user: str
    post: str
    emoji: str
    created: datetime


@dataclass(slots=True)
class Tree:
    """A `Tree` node, and all that hangs on it."""

    id: str
    state: TreeState
    lang: str
    goal: int
    max_depth: int
    max_children: int
    created: datetime
    entered: datetime | None
    won_lottery: datetime | None
    posts: list[Post] = field(default_factory=list[Post], repr=False)
    reviews: list[Review] = field(default_factory=list[Review], repr=False)
    rankings: list[Ranking] = field(default_factory=list[Ranking], repr=False)
    tasks: list[Task] = field(default_factory=list[Task], repr=False)
    reports: list[Report] = field(default_factory=list[Report], repr=False)
    flags: list[Flag] = field(default_factory=list[Flag], repr=False)
    reactions: list[Reaction] = field(default_factory=list[Reaction], repr=False)


Node: TypeAlias = Post | User | Review | Ranking | Tree | Task | Report | Flag

_EDGES: Mapping[type[Node], frozenset[str]] = {
    Post: frozenset({"parent", "replies"}),
    Review: frozenset({"post"}),
    Ranking: frozenset({"parent", "ranked"}),
    Tree: frozenset({"posts", "reviews", "rankings", "tasks", "reports", "flags", "reactions"}),
    Task: frozenset({"taker", "subject", "gave", "offered"}),
    Report: frozenset({"maker", "post"}),
}
"""Fields that are not stored on the node."""


def stored(shape: type[Node]) -> tuple[str, ...]:
    """The properties of a kind of node; those that have no id of their own have one for the importer, as the first."""
    return tuple(field.name for field in fields(shape) if field.name not in _EDGES.get(shape, frozenset()))


@dataclass(frozen=True)
class Plan:
    """What to make."""

    posts: int
    seed: int = 1
    limits: Limits = LIMITS

    @cached_property
    def users(self) -> int:
        return max(2_000, self.posts // 10)

    @cached_property
    def places(self) -> int:
        """About how many replies shall be wanted."""
        return max(self.posts // 20, min(20_000, self.posts // 5), min(4_000, self.posts // 3))

    @cached_property
    def shares(self) -> Mapping[TreeState, float]:
        """How the trees are shared out among the states: 5 % of the posts, or what `places` asks for, are growing."""
        growing = self.places / _WANTED
        others = (self.posts - growing * _GROWING) / _FINISHED
        return {
            TreeState.GROWING: growing,
            TreeState.RANKING: 0.12 * others,
            TreeState.INITIAL_PROMPT_REVIEW: 0.05 * others,
            TreeState.PROMPT_LOTTERY_WAITING: 0.05 * others,
            TreeState.ABORTED_LOW_GRADE: 0.04 * others,
            TreeState.READY_FOR_EXPORT: 0.74 * others,
        }

    def person(self, number: int) -> UserIdentity:
        """The user of that number, as a frontend names the user; the first ones have written most."""
        return UserIdentity(method=AuthMethod.LOCAL, name=f"user-{number}", display_name=f"User {number}")


class Forest:
    """The trees of a plan, made one after the other; `users`, `languages` and `counts` are right at the end."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._limits = plan.limits
        self._rng = Random(f"oa_graph {plan.seed} {plan.posts}")
        self._number = self._tasks = 0
        self.users = [self._user(number) for number in range(plan.users)]
        self.languages: dict[str, Counter[TreeState]] = {lang: Counter() for lang in LANGS}
        self.pools: Counter[str] = Counter()
        """How many answers each pool wants."""

    def trees(self) -> Iterator[Tree]:
        """All trees; together they have as many posts as planned."""
        states, weights = tuple(self._plan.shares), tuple(self._plan.shares.values())
        left = self._plan.posts
        while left:
            tree = self._tree(self._rng.choices(states, weights)[0], room=left)
            left -= len(tree.posts)
            self.languages[tree.lang][tree.state] += 1
            for post in tree.posts:
                if post.pool is not None:
                    self.pools[post.pool] += post.wants or 0
            yield tree

    def _tree(self, state: TreeState, *, room: int) -> Tree:
        rng = self._rng
        lang = rng.choices(tuple(LANGS), tuple(LANGS.values()))[0]
        created = _BEGIN + timedelta(seconds=rng.randrange(_YEAR))
        tree = Tree(
            id=self._id(),
            state=state,
            lang=lang,
            goal=growth.goal(self._limits, rng),
            max_depth=self._limits.max_tree_depth,
            max_children=self._limits.max_children_count,
            created=created,
            entered=None if state is TreeState.INITIAL_PROMPT_REVIEW else created + timedelta(days=4),
            won_lottery=None,
        )
        self._add(tree, None)
        match state:
            case TreeState.INITIAL_PROMPT_REVIEW:
                self._leave_undecided(tree.posts[0])
            case TreeState.ABORTED_LOW_GRADE:
                tree.posts[0].accepted = False
            case TreeState.PROMPT_LOTTERY_WAITING:
                pass
            case TreeState.GROWING:
                self._begin(tree, room)
            case _:
                self._finish(tree, room)
        if state in _LOTTERY_WON:
            tree.won_lottery = created + timedelta(days=2)
        if state in growth.ACTIVE:
            self._review(tree)
        self._open_places(tree)
        return tree

    # Shapes

    def _begin(self, tree: Tree, room: int) -> None:
        """A tree that has grown for a while: replies below whatever may take some."""
        for _ in range(min(room - 1, self._rng.randint(1, 10))):
            open_parents = [post for post in tree.posts if self._room(tree, post) > 0]
            if not open_parents:
                return
            post = self._add(tree, self._rng.choice(open_parents))
            if self._rng.random() < _UNDECIDED:
                self._leave_undecided(post)

    def _room(self, tree: Tree, post: Post) -> int:
        if not post.stands or post.depth >= tree.max_depth:
            return 0
        return _cap(tree, post, self._limits) - sum(reply.counts for reply in post.replies)

    def _finish(self, tree: Tree, room: int) -> None:
        """A tree as grown as it gets, with its rejected and deleted posts, its rankings done or going on."""
        rng, (root,) = self._rng, tree.posts
        for _ in range(rng.choices(*_ROOT_REPLIES)[0]):
            if first := self._add_within(tree, root, room):
                self._continue(tree, first, room, chance=0.95)
        for post in tree.posts[1:]:
            if not post.replies and rng.random() < 0.06:
                if rng.random() < 0.2:
                    post.deleted, post.reply_key = True, None
                else:
                    post.accepted = False
        if tree.state is TreeState.RANKING:
            self._rank(tree)
        elif rng.random() < _TOLD:
            self._tell(tree)
        else:
            self._score(tree)

    def _continue(self, tree: Tree, assistant: Post, room: int, *, chance: float) -> None:
        rng = self._rng
        if rng.random() >= chance or not (prompter := self._add_within(tree, assistant, room)):
            return
        for _ in range(rng.choices(*_DEEP_REPLIES)[0]):
            if reply := self._add_within(tree, prompter, room):
                self._continue(tree, reply, room, chance=0.15)

    def _add_within(self, tree: Tree, parent: Post, room: int) -> Post | None:
        return self._add(tree, parent) if len(tree.posts) < room and parent.depth < tree.max_depth else None

    def _add(self, tree: Tree, parent: Post | None) -> Post:
        """A post, accepted after the usual reviews."""
        rng = self._rng
        author = self._somebody({reply.author for reply in parent.replies} if parent else ())
        self._number += 1
        post = Post(
            id=tree.id if parent is None else self._id(),
            tree=tree.id,
            role=Role.ASSISTANT if parent and parent.role is Role.PROMPTER else Role.PROMPTER,
            text=self._text(tree.lang),
            lang=tree.lang,
            depth=parent.depth + 1 if parent else 0,
            created=(parent.created if parent else tree.created) + timedelta(seconds=rng.randrange(60, 40_000)),
            client=CLIENT,
            frontend_id=f"{MADE_BY}{self._number}",
            author=author,
            reply_key=f"{author} {parent.id}" if parent else None,
            accepted=True,
            reviews=self._limits.num_reviews_reply if parent else self._limits.num_reviews_initial_prompt,
            parent=parent,
        )
        if parent:
            parent.replies.append(post)
        tree.posts.append(post)
        return post

    def _leave_undecided(self, post: Post) -> None:
        post.accepted, post.reviews = None, self._rng.randrange(self._limits.num_reviews_reply)

    # What the crowd thinks

    def _review(self, tree: Tree) -> None:
        for post in tree.posts:
            makers: set[str] = {post.author}
            for _ in range(post.reviews):
                maker = self._somebody(makers)
                makers.add(maker)
                tree.reviews.append(self._a_review(post, maker))

    def _a_review(self, post: Post, maker: str) -> Review:
        rng = self._rng
        return Review(
            id=self._id(),
            key=f"{maker} {post.id}",
            maker=maker,
            text="",
            created=post.created + timedelta(seconds=rng.randrange(60, 40_000)),
            spam=float(post.accepted is False and rng.random() < 0.9),
            lang_mismatch=0.0,
            **{label: rng.randrange(5) / 4 for label in _LABELS},
            post=post.id,
        )

    def _rank(self, tree: Tree) -> None:
        """Some rankings of each set of siblings, of one set at least too few; without such a set the tree is scored."""
        sets = [(post, ranked) for post in tree.posts if (ranked := _rankable(post))]
        if not sets:
            tree.state = TreeState.READY_FOR_EXPORT
        for place, (parent, ranked) in enumerate(sets):
            required = self._limits.num_required_rankings
            makers = {reply.author for reply in ranked}
            for _ in range(self._rng.randrange(required + (place > 0))):
                maker = self._somebody(makers)
                makers.add(maker)
                order = self._rng.sample(range(len(ranked)), len(ranked))
                tree.rankings.append(self._a_ranking(parent, ranked, maker, order))

    def _a_ranking(self, parent: Post, shown: Collection[Post], maker: str, order: Sequence[int]) -> Ranking:
        offered = sorted(post.id for post in shown)
        return Ranking(
            id=self._id(),
            key=f"{maker} {parent.id}",
            maker=maker,
            order=tuple(order),
            not_rankable=False,
            created=parent.created + timedelta(days=3),
            parent=parent.id,
            ranked=tuple(offered[place] for place in order),
        )

    def _score(self, tree: Tree) -> None:
        for parent in tree.posts:
            if ranked := _rankable(parent):
                parent.consensus_margin = self._rng.randint(1, self._limits.num_required_rankings)
                for rank, post in enumerate(self._rng.sample(ranked, len(ranked))):
                    post.rank = rank

    # What led to a finished tree

    def _tell(self, tree: Tree) -> None:
        """All reviews and rankings that are wanted, the tasks behind them and the posts, and what else is said."""
        self._review(tree)
        for parent in tree.posts:
            if ranked := _rankable(parent):
                self._agree(tree, parent, ranked)
        for post in tree.posts:
            kind = TaskKind(f"{post.role}_reply") if post.parent else TaskKind.INITIAL_PROMPT
            above = post.parent.id if post.parent else None
            self._task(tree, kind, post.author, above, gave=post.id, done=post.created)
            if post.role is Role.ASSISTANT and self._rng.random() < _SYNTHETIC:
                post.synthetic, post.model_name = True, self._rng.choice(_MODELS)
            self._react(tree, post)
        posts = {post.id: post for post in tree.posts}
        for judgement in tree.reviews:
            post = posts[judgement.post]
            kind = TaskKind(f"label_{post.role}_reply") if post.parent else TaskKind.LABEL_INITIAL_PROMPT
            self._task(tree, kind, judgement.maker, post.id, gave=judgement.id, done=judgement.created)
        for judgement in tree.rankings:
            kind, offered = TaskKind.RANK_ASSISTANT_REPLIES, tuple(sorted(judgement.ranked))
            self._task(
                tree,
                kind,
                judgement.maker,
                judgement.parent,
                gave=judgement.id,
                done=judgement.created,
                offered=offered,
            )

    def _agree(self, tree: Tree, parent: Post, ranked: Sequence[Post]) -> None:
        """Rankings by people who see, more or less, how good each reply is; and the order that they come to."""
        rng = self._rng
        worth = [rng.random() for _ in ranked]
        makers, orders = {reply.author for reply in ranked}, list[tuple[str, ...]]()
        for _ in range(self._limits.num_required_rankings):
            maker = self._somebody(makers)
            makers.add(maker)
            seen = [value + rng.gauss(0, 0.4) for value in worth]
            order = sorted(range(len(ranked)), key=seen.__getitem__)
            tree.rankings.append(self._a_ranking(parent, ranked, maker, order))
            orders.append(tree.rankings[-1].ranked)
        if consensus := ranking.consensus(orders):
            parent.consensus_margin = consensus.margin
            for post in ranked:
                post.rank = consensus.order.index(post.id)

    def _react(self, tree: Tree, post: Post) -> None:
        rng, when = self._rng, post.created + timedelta(hours=self._rng.randrange(1, 40))
        somebody = self._somebody({post.author})
        if rng.random() < _REACTED:
            tree.reactions.append(Reaction(somebody, post.id, rng.choice(("+1", "+1", "+1", "-1", "rofl")), when))
        if rng.random() < _SKIPPED:
            tree.reactions.append(Reaction(somebody, post.id, "_skip_reply", when))
            kind = TaskKind.ASSISTANT_REPLY if post.role is Role.PROMPTER else TaskKind.PROMPTER_REPLY
            self._task(tree, kind, somebody, post.id, refused=when)
        if rng.random() < _REPORTED:
            tree.reactions.append(Reaction(somebody, post.id, "red_flag", when))
            tree.reports.append(Report(self._id(), "This is rude.", when, somebody, post.id))
            tree.flags.append(Flag(self._id(), post.id, rng.random() < 0.5, when))

    def _task(
        self,
        tree: Tree,
        kind: TaskKind,
        taker: str,
        subject: str | None,
        *,
        gave: str | None = None,
        done: datetime | None = None,
        refused: datetime | None = None,
        offered: tuple[str, ...] = (),
    ) -> None:
        created = (done or refused or tree.created) - timedelta(seconds=self._rng.randrange(20, 1_500))
        self._tasks += 1
        tree.tasks.append(
            Task(
                id=self._id(),
                kind=kind,
                client=CLIENT,
                ack=f"{MADE_BY}{self._tasks}",
                lang=tree.lang,
                policy="lonely_first",
                collective=False,
                created=created,
                acked=created + timedelta(seconds=1),
                expires=created + timedelta(days=2),
                done=done,
                refused=refused,
                skipped=True if refused else None,
                skip_reason=self._rng.choice(_REASONS) if refused else None,
                taker=taker,
                subject=subject,
                gave=gave,
                offered=offered,
            )
        )

    def _open_places(self, tree: Tree) -> None:
        size = sum(post.counts for post in tree.posts)
        for post in tree.posts:
            pool, wants = _want(tree, post, size, self._limits, rankings=_rankings_under(tree, post))
            if wants > 0:
                post.pool, post.wants, post.key = pool, wants, self._rng.random()

    # Odds and ends

    def _somebody(self, but: Collection[str]) -> str:
        """A user, most often one of the few who do most of the work, and none of `but`."""
        while True:
            user = self.users[int(len(self.users) * self._rng.random() ** 2.5)].id
            if user not in but:
                return user

    def _user(self, number: int) -> User:
        who = self._plan.person(number)
        created = _BEGIN + timedelta(seconds=self._rng.randrange(_YEAR))
        return User(
            id=self._id(),
            client=CLIENT,
            method=who.method,
            name=who.name,
            display_name=who.display_name,
            created=created,
            last_activity=created + timedelta(days=20),
            streak_start=created + timedelta(days=18),
        )

    def _id(self) -> str:
        return str(UUID(int=self._rng.getrandbits(128), version=4))

    def _text(self, lang: str) -> str:
        """As long as people's texts are, and unlike any other: it says its number."""
        corpus = _corpus(lang)
        length = min(1_900, max(4, int(self._rng.lognormvariate(5.4, 1.2))))
        start = corpus.find(" ", self._rng.randrange(_CORPUS)) + 1
        return f"{corpus[start : start + length].rstrip()} {self._number}"


@cache
def _corpus(lang: str) -> str:
    rng, words = Random(lang), _WORDS[lang].split()
    text, length = list[str](), 0
    while length < _CORPUS + 4_000:
        sentence = " ".join(rng.choices(words, k=rng.randint(4, 16))).capitalize() + rng.choice((".", "?", "!"))
        text.append(sentence)
        length += len(sentence) + 1
    return " ".join(text)


def _cap(tree: Tree, post: Post, limits: Limits) -> int:
    if post.role is Role.ASSISTANT:
        return min(limits.num_prompter_replies, tree.max_children)
    return tree.max_children


def _rankable(parent: Post) -> list[Post]:
    """The replies that are put in order; none when there is nothing to choose from."""
    ranked = [reply for reply in parent.replies if reply.stands]
    return ranked if parent.role is Role.PROMPTER and not parent.deleted and len(ranked) > 1 else []


def _rankings_under(tree: Tree, post: Post) -> int:
    return sum(ranking.parent == post.id for ranking in tree.rankings)


def _want(tree: Tree, post: Post, size: int, limits: Limits, *, rankings: int) -> tuple[str, int]:
    """What a post wants in the state of its tree, and how many answers: `trees/enter_state` in Python."""
    if post.deleted:
        return "", 0
    match tree.state:
        case TreeState.INITIAL_PROMPT_REVIEW if post.depth == 0 and post.accepted is None:
            return _label(TaskKind.LABEL_INITIAL_PROMPT, post, limits)
        case TreeState.PROMPT_LOTTERY_WAITING if post.depth == 0:
            return sampling.plain_pool(TaskKind.RANK_INITIAL_PROMPTS, post.lang), limits.num_prompt_rankings
        case TreeState.GROWING if post.accepted is None:
            return _label(TaskKind(f"label_{post.role}_reply"), post, limits)
        case TreeState.GROWING if post.accepted and post.depth < tree.max_depth and size < tree.goal:
            replies = sum(reply.counts for reply in post.replies)
            kind = TaskKind.ASSISTANT_REPLY if post.role is Role.PROMPTER else TaskKind.PROMPTER_REPLY
            return sampling.reply_pool(kind, post.lang, replies), _cap(tree, post, limits) - replies
        case TreeState.RANKING if _rankable(post):
            pool = sampling.plain_pool(TaskKind.RANK_ASSISTANT_REPLIES, post.lang)
            return pool, limits.num_required_rankings - rankings
        case _:
            return "", 0


def _label(kind: TaskKind, post: Post, limits: Limits) -> tuple[str, int]:
    return sampling.plain_pool(kind, post.lang), review.rules(kind, limits).quota - post.reviews
