r"""Judgements of replies in the forms in which people share them, as trees with ranks and labels.

    preference  {"prompt": …, "chosen": …, "rejected": …}            or without a prompt, as TRL and hh-rlhf have it
    ranked      {"prompt": …, "completions": […], "scores": […]}     or a score in each completion, as UltraFeedback
    kto         {"prompt": …, "completion": …, "label": true}

A prompt or a reply is a text, a list of messages, or a transcript: "\n\nHuman: Hi\n\nAssistant: Hello". A reply that
begins with the prompt is a whole conversation. What `chats` says of ids and of other fields holds here too.

Rows under one first message become one tree. The rows of a sibling set need not compare all of it: siblings are ordered
by how many the rows put above them, in one step or several. Replies that come out alike, or have one score, share a
rank: 0, 0, 2. A row that contradicts the rows before it is refused. Where conversations differ earlier than in their
last message, the replies in which they differ are compared. A `label` becomes the label `desirable` of the reply: 1 or
0.

Rows are held in a window until no more can come for their tree (see `window`). Where rows come for a tree that has left
it, or with another file, `conflict` tells whether they go together with what is there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise, takewhile, zip_longest
from math import comb, isfinite
from typing import Any, cast

from oa_graph.exchange import chats, oasst
from oa_graph.exchange.chats import Turn
from oa_graph.exchange.refusals import Reason, Refused, Unfit, refused
from oa_graph.exchange.rows import Found, Row
from oa_graph.exchange.window import WINDOW, Window
from oa_graph.graph.exchange import DESIRABLE, FiledPost, FiledTree, LabelMean, Standing
from oa_graph.model import Role

PAIRS = (("chosen", "rejected"), ("chosen_response", "rejected_response"))
"""Names of the better and the worse reply."""

IMPLIED = "pairs of replies got an order that no row states, since no row compares them"

_PROMPT_FIELDS = ("prompt", "instruction", "question")
_REPLY_FIELDS = ("response", "text", "content", "answer")
_SCORE_FIELDS = ("overall_score", "score", "rating")
_SPEAKER = re.compile(r"(?:\A\s*|\n\n)(Human|Assistant):")
_SPEAKERS = {"Human": Role.PROMPTER, "Assistant": Role.ASSISTANT}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one row says of replies to one message."""

    branches: Sequence[FiledTree]
    """The conversation of each reply."""
    depth: int
    """Of the replies."""
    tiers: Sequence[Sequence[str]] = ()
    """Ids of the replies, the best first; those of one tier are tied."""
    label: bool | None = None
    """Whether the only reply is wanted; None: the row does not say."""

    @property
    def replies(self) -> list[FiledPost]:
        return [branch.posts[self.depth] for branch in self.branches]


Parse = Callable[[dict[str, Any], str, str | None], Judgement]
"""Makes the judgement of a row of its fields, the language of posts that do not say, and the origin. Raises Unfit."""


def pair_of(fields: dict[str, Any], lang: str, origin: str | None) -> Judgement:
    """The judgement of a row with a chosen and a rejected reply. Raises Unfit."""
    names = next((names for names in PAIRS if any(fields.get(name) is not None for name in names)), PAIRS[0])
    for name in names:
        if fields.get(name) is None:
            raise Unfit(Reason.WRONG_SHAPE, f"{name} is missing")
    extra = chats.without(fields, {*names, "score_chosen", "score_rejected"})
    if extra.get("messages") in (fields[names[0]], fields[names[1]]):  # some sets have the chosen one a second time
        extra.pop("messages")
    prompt = _take_prompt(extra)
    chosen, rejected = (fields[name] for name in names)
    if not prompt and _is_plain(chosen) and _is_plain(rejected):
        prompt, chosen, rejected = _parted(chosen, rejected)
    conversations = [_conversation(prompt, reply, name) for name, reply in zip(names, (chosen, rejected), strict=True)]
    place = _common(conversations)
    if place == min(map(len, conversations)):
        raise Unfit(Reason.WRONG_SHAPE, f"{' and '.join(names)} are the same, or one is the beginning of the other")
    scores = [fields.get(name) for name in ("score_chosen", "score_rejected")]
    judgement = _judgement(conversations, place, extra, scores=scores, lang=lang, origin=origin)
    better, worse = (reply.id for reply in judgement.replies)
    is_tie = all(map(_is_number, scores)) and scores[0] == scores[1]
    return replace(judgement, tiers=[[better, worse]] if is_tie else [[better], [worse]])


def ranking_of(fields: dict[str, Any], lang: str, origin: str | None) -> Judgement:
    """The judgement of a row with scored replies. Raises Unfit."""
    completions = fields.get("completions")
    if not isinstance(completions, list) or not completions:
        raise Unfit(Reason.WRONG_SHAPE, "completions has to be a list of replies")
    if isinstance(fields.get("labels"), list):
        raise Unfit(Reason.WRONG_SHAPE, "completions with labels are the steps of one reply, which no post can hold")
    extra = chats.without(fields, {"completions", "scores"})
    prompt = _take_prompt(extra)
    replies = cast("list[object]", completions)
    conversations = [_conversation(prompt, reply, f"completion {i}") for i, reply in enumerate(replies, 1)]
    place = min(_common(conversations), *(len(turns) - 1 for turns in conversations))
    scores = _scores(fields.get("scores"), replies)
    beside = [None] * len(replies) if fields.get("scores") is None else scores
    judgement = _judgement(conversations, place, extra, scores=beside, lang=lang, origin=origin)
    # Our own export has the best first, and the consensus may order otherwise than the shares of won comparisons.
    tiers = _tiers([reply.id for reply in judgement.replies], scores, in_order="tree_id" in fields)
    return replace(judgement, tiers=tiers)


def verdict_of(fields: dict[str, Any], lang: str, origin: str | None) -> Judgement:
    """The judgement of a row with one reply and its label. Raises Unfit."""
    label = fields.get("label")
    if not isinstance(label, bool):
        raise Unfit(Reason.WRONG_SHAPE, "label has to be true or false")
    completion = fields.get("completion")
    extra = chats.without(fields, {"completion", "label"})
    prompt = _take_prompt(extra)
    turns = prompt if completion is None else _conversation(prompt, completion, "completion")
    if not turns or turns[-1].role is not Role.ASSISTANT:
        raise Unfit(Reason.WRONG_ROLE, "label tells of a reply of the assistant, but none stands at the end")
    judgement = _judgement([turns], len(turns) - 1, extra, scores=[None], lang=lang, origin=origin)
    return replace(judgement, label=label)


def _judgement(
    conversations: Sequence[list[Turn]],
    place: int,
    extra: dict[str, object],
    *,
    scores: Sequence[object],
    lang: str,
    origin: str | None,
) -> Judgement:
    """A judgement without its order. `place`: of the replies among the turns; `scores`: of each reply, to be kept.

    The other fields of the row are kept with the first reply.
    """
    if any(turns[place].role is not Role.ASSISTANT for turns in conversations):
        why = "the replies are not those of the assistant to one prompt; only such are compared"
        raise Unfit(Reason.WRONG_ROLE, why)
    for turns, score in zip(conversations, scores, strict=True):
        if score is not None:
            turns[place] = replace(turns[place], extra={**turns[place].extra, "score": score})
    common = {name: extra[name] for name in ("lang", *chats.MODEL_FIELDS) if name in extra}
    branches = [
        chats.branch(turns, dict(common) if branches_before else extra, lang=lang, origin=origin)
        for branches_before, turns in enumerate(conversations)
    ]
    return Judgement(branches, place - sum(turn.role is None for turn in conversations[0][:place]))


def _scores(listed: object, replies: Sequence[object]) -> list[float]:
    """The score of each reply, the higher the better. Raises Unfit."""
    if listed is None:
        scores = [_own_score(reply) for reply in replies]
    elif isinstance(listed, list) and len(cast("list[object]", listed)) == len(replies):
        scores = cast("list[object]", listed)
    else:
        raise Unfit(Reason.WRONG_SHAPE, f"scores has to be a list of {len(replies)} numbers, one for each completion")
    if not all(map(_is_number, scores)):
        raise Unfit(
            Reason.WRONG_SHAPE,
            f"nothing tells which completion is better: scores, or {', '.join(_SCORE_FIELDS)} of each completion, "
            "have to be numbers",
        )
    return cast("list[float]", scores)


def _is_number(score: object) -> bool:
    return isinstance(score, (int, float)) and not isinstance(score, bool) and isfinite(score)


def _own_score(reply: object) -> object:
    fields = cast("dict[str, object]", reply) if isinstance(reply, dict) else {}
    return next((fields[name] for name in _SCORE_FIELDS if fields.get(name) is not None), None)


def _tiers(ids: Sequence[str], scores: Sequence[float], *, in_order: bool) -> list[list[str]]:
    """The ids, best first, those of one score together. `in_order`: the best stands first, whatever the scores say."""
    places = range(len(ids)) if in_order else sorted(range(len(ids)), key=lambda place: -scores[place])
    tiers: list[list[str]] = []
    last: float | None = None
    for place in places:
        if scores[place] != last:
            tiers.append([])
            last = scores[place]
        if ids[place] not in tiers[-1]:
            tiers[-1].append(ids[place])
    if len({id for tier in tiers for id in tier}) < sum(map(len, tiers)):
        raise Unfit(Reason.CONTRADICTION, "two completions are the same, or begin alike, and have different scores")
    return tiers


# Prompts and replies


def _take_prompt(extra: dict[str, object]) -> list[Turn]:
    """Takes the prompt out of the other fields of a row; no turns: there is none."""
    system = chats.take_system(extra)
    for name in (*_PROMPT_FIELDS, *chats.MESSAGE_FIELDS):
        value = extra.get(name)
        if isinstance(value, str) and name in _PROMPT_FIELDS:
            text, taken = chats.prompt_text(extra, name)
            turns = _transcript(text) or [Turn(Role.PROMPTER, text.strip())]
            if turns[-1].role is Role.ASSISTANT and not turns[-1].text:  # where the reply is to be put
                turns.pop()
        elif isinstance(value, list):
            turns, taken = chats.turns_of(cast("list[Any]", value)), {name}
        else:
            continue
        for each in taken:
            extra.pop(each)
        return [*system, *turns]
    return system


def _is_plain(reply: object) -> bool:
    return isinstance(reply, str) and _transcript(reply) is None


def _parted(chosen: str, rejected: str) -> tuple[list[Turn], str, str]:
    """Texts without a prompt: as TRL has it, that is what both begin with, here up to the end of a word."""
    beginning = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip_longest(chosen, rejected)))
    prompt = re.match(r"(?s).*\s", beginning)
    if prompt is None or not prompt[0].strip():
        raise Unfit(
            Reason.WRONG_SHAPE, "there is no prompt, and the texts have no beginning in common that could be it"
        )
    end = prompt.end()
    return [Turn(Role.PROMPTER, prompt[0].strip())], chosen[end:], rejected[end:]


def _conversation(prompt: Sequence[Turn], reply: object, name: str) -> list[Turn]:
    """The turns from the prompt to the end of a reply, which may begin with the prompt itself. Raises Unfit."""
    try:
        turns = _turns(reply)
    except Unfit as error:
        raise Unfit(error.reason, f"{name}: {error}") from error
    if not all(turn.text for turn in turns) or not turns:
        raise Unfit(Reason.EMPTY_TEXT, f"{name} has an empty text")
    if turns[0].role is Role.ASSISTANT or not prompt:
        return [*prompt, *turns]
    asked = [(turn.role, turn.text) for turn in prompt if turn.role is not None]
    spoken = [(turn.role, turn.text) for turn in turns if turn.role is not None]
    if spoken[: len(asked)] != asked:
        raise Unfit(Reason.WRONG_THREAD, f"{name} is a conversation that does not begin with the prompt")
    return turns if turns[0].role is None else [*(turn for turn in prompt if turn.role is None), *turns]


def _turns(reply: object) -> list[Turn]:
    if isinstance(reply, str):
        return _transcript(reply) or [Turn(Role.ASSISTANT, reply.strip())]
    if isinstance(reply, list):
        return chats.turns_of(cast("list[Any]", reply))
    if not isinstance(reply, dict):
        raise Unfit(Reason.WRONG_SHAPE, "it is neither a text nor messages")
    fields = cast("dict[str, Any]", reply)
    if "role" in fields or "from" in fields:
        return chats.turns_of([fields])
    name = next((name for name in _REPLY_FIELDS if isinstance(fields.get(name), str)), None)
    if name is None:
        raise Unfit(Reason.WRONG_SHAPE, f"it has none of {', '.join(_REPLY_FIELDS)}")
    model = next((fields[name] for name in chats.MODEL_FIELDS if isinstance(fields.get(name), str)), None)
    taken = {name} if model is None else {name, *chats.MODEL_FIELDS}
    return [Turn(Role.ASSISTANT, fields[name].strip(), chats.without(fields, taken), model)]


def _transcript(text: str) -> list[Turn] | None:
    """The turns of a text in which the speakers are named, as in hh-rlhf; None: it is no such text."""
    if not text.startswith(("\n\nHuman:", "\n\nAssistant:")) and not (
        re.match(r"\s*Human:", text) and "\n\nAssistant:" in text
    ):
        return None
    _, *parts = _SPEAKER.split(text)
    return [Turn(_SPEAKERS[name], said.strip()) for name, said in zip(parts[::2], parts[1::2], strict=True)]


def _common(conversations: Sequence[Sequence[Turn]]) -> int:
    """How many turns all of them begin with."""
    for place, turns in enumerate(zip_longest(*conversations)):
        if len({turn and (turn.role, turn.text) for turn in turns}) > 1:
            return place
    return min(map(len, conversations))


# Rows to trees


@dataclass(frozen=True, slots=True)
class _Judged:
    line: int
    row: bytes | dict[str, Any]
    judgement: Judgement


def trees_of(
    rows: Iterable[Row], parse: Parse, *, lang: str, origin: str | None, window: int = WINDOW
) -> Iterator[Found | Refused]:
    """The finished trees of a file, and the lines that cannot be taken."""
    held = Window[_Judged](window)
    for line, row in rows:
        try:
            if isinstance(row, Unfit):
                raise row
            judgement = parse(oasst.fields_of(row), lang, origin)
        except Unfit as error:
            yield refused(error, line, row)
            continue
        size = sum(len(post.text) for branch in judgement.branches for post in branch.posts)
        for _, leaving in held.add(judgement.branches[0].id, _Judged(line, row, judgement), size=size):
            yield from _built(leaving)
    for _, leaving in held.rest():
        yield from _built(leaving)


def _built(rows: Sequence[_Judged]) -> Iterator[Found | Refused]:
    """The tree of all rows that do not contradict those before them."""
    tree = _Tree()
    used: list[_Judged] = []
    for judged in rows:
        try:
            tree.add(judged.judgement)
        except Unfit as error:
            yield refused(error, judged.line, judged.row)
        else:
            used.append(judged)
    if used:
        whole = replace(used[0].judgement.branches[0], posts=tree.ranked())
        sources = [(judged.line, judged.row) for judged in used]
        yield Found(used[0].line, whole, sources, +Counter({IMPLIED: tree.implied()}))


@dataclass(slots=True)
class _Tree:
    """A tree that grows row by row."""

    posts: dict[str, FiledPost] = field(default_factory=dict[str, FiledPost])
    orders: dict[str | None, Order] = field(default_factory=lambda: {})
    """Of the replies to a post, by its id."""
    children: Counter[str | None] = field(default_factory=Counter)

    def add(self, judgement: Judgement) -> None:
        """Raises Unfit, before anything is changed, for a row that contradicts those before it."""
        first = judgement.replies[0]
        if judgement.label is not None:
            known = self.posts.get(first.id)
            if known and is_desirable(known) not in (None, judgement.label):
                raise Unfit(Reason.CONTRADICTION, "a row before it has the other label for the same reply")
            judgement = _labelled(judgement)
        if not self.orders.setdefault(first.parent, Order()).admit(judgement.tiers):
            raise Unfit(Reason.CONTRADICTION, "the rows before it put the same replies in another order")
        for branch in judgement.branches:
            for post in branch.posts:
                self._keep(post)

    def _keep(self, post: FiledPost) -> None:
        """A post that says nothing of itself gives way to the same one of a row that does."""
        known = self.posts.get(post.id)
        if known is None:
            self.posts[post.id] = replace(post, position=self.children[post.parent])
            self.children[post.parent] += 1
        elif known.extra is None and known.model_name is None:
            self.posts[post.id] = replace(post, position=known.position, labels=post.labels or known.labels)
        elif post.labels is not None:
            known.labels = post.labels

    def ranked(self) -> list[FiledPost]:
        """The posts with their ranks, each before its replies."""
        ranks = {id: rank for order in self.orders.values() for id, rank in order.ranks().items()}
        return [replace(post, rank=ranks.get(post.id)) for post in self.posts.values()]

    def implied(self) -> int:
        return sum(order.implied() for order in self.orders.values())


def _labelled(judgement: Judgement) -> Judgement:
    (branch,) = judgement.branches
    posts = list(branch.posts)
    mean = LabelMean(1.0 if judgement.label else 0.0, 1)
    posts[judgement.depth] = replace(posts[judgement.depth], labels={DESIRABLE: mean})
    return replace(judgement, branches=[replace(branch, posts=posts)])


class Order:
    """What rows say of the order of some replies; what follows from several rows together is known as well."""

    def __init__(self) -> None:
        self._below: dict[str, set[str]] = {}
        """By reply: those that it is at least as good as, itself among them."""
        self._above: dict[str, set[str]] = {}

    def admit(self, tiers: Sequence[Sequence[str]]) -> bool:
        """Takes the order of a row, best first, those of a tier tied; False: what is known contradicts it."""
        # Two by two is enough: what joins replies of one row leads downwards or within a tier, so closes no circle.
        if any(
            self._is_at_least(worse, better)
            for upper, lower in combinations(tiers, 2)
            for better in upper
            for worse in lower
        ) or any(
            self._is_at_least(one, other) != self._is_at_least(other, one)
            for tier in tiers
            for one, other in combinations(tier, 2)
        ):
            return False
        for id in (id for tier in tiers for id in tier):
            self._below.setdefault(id, {id})
            self._above.setdefault(id, {id})
        for tier in tiers:
            for one, other in pairwise(tier):
                self._join(one, other)
                self._join(other, one)
        for upper, lower in pairwise(tiers):
            self._join(upper[0], lower[0])
        return True

    def _is_at_least(self, one: str, other: str) -> bool:
        return other in self._below.get(one, ())

    def _join(self, upper: str, lower: str) -> None:
        above, below = set(self._above[upper]), set(self._below[lower])
        for id in above:
            self._below[id] |= below
        for id in below:
            self._above[id] |= above

    def ranks(self) -> dict[str, int]:
        """By reply: how many have fewer that are better."""
        better = self._better()
        places = {number: place for place, number in reversed([*enumerate(sorted(better.values()))])}
        return {id: places[number] for id, number in better.items()}

    def _better(self) -> dict[str, int]:
        """By reply: how many are better, as the rows say in one step or several."""
        return {id: len(above - self._below[id]) for id, above in self._above.items()}

    def implied(self) -> int:
        """How many pairs have different ranks although nothing says which of the two is better."""
        better = self._better().values()
        ordered = comb(len(better), 2) - sum(comb(tied, 2) for tied in Counter(better).values())
        return ordered - sum(better)


# What is there already


def is_desirable(post: FiledPost) -> bool | None:
    """What the file of a reply says of it without comparing it; None: nothing, or both alike."""
    mean = (post.labels or {}).get(DESIRABLE)
    return None if mean is None or mean.value is None or mean.value == 0.5 else mean.value > 0.5


def is_judged(post: FiledPost) -> bool:
    """Whether a file says how good it is: by a rank, or by the label of a row of its own."""
    return post.rank is not None or _desirable_mean(post) is not None


def add_standing(standing: dict[str, Standing], posts: Iterable[FiledPost]) -> None:
    """Adds posts as if they were in the graph, each after its parent."""
    for post in posts:
        judged = is_judged(post)
        standing[post.id] = Standing(post.deleted, post.rank, _desirable_mean(post)) if judged else _UNJUDGED
        if post.rank is not None and post.parent in standing:
            standing[post.parent] = standing[post.parent]._replace(compared=True)


_UNJUDGED = Standing()


def _desirable_mean(post: FiledPost) -> float | None:
    mean = (post.labels or {}).get(DESIRABLE)
    return mean and mean.value


def conflict(posts: Iterable[FiledPost], standing: Mapping[str, Standing]) -> Unfit | None:
    """Why what a file says of replies cannot be added to posts that are there; None: it can, or they say it already."""
    siblings: dict[str | None, list[FiledPost]] = {}
    for post in posts:
        mean, known = _desirable_mean(post), standing.get(post.id)
        if mean is not None and known and known.desirable != mean:
            return Unfit(Reason.CONTRADICTION, _STANDS.format(post.id, "without this label"))
        if post.rank is not None:
            siblings.setdefault(post.parent, []).append(post)
    for parent, replies in siblings.items():
        if error := _rank_conflict(parent, replies, standing):
            return error
    return None


_STANDS = "message {} is in the graph {}, and an import changes nothing that is there"


def conflict_with(posts: Sequence[FiledPost], there: Iterable[FiledPost]) -> Unfit | None:
    """As `conflict`, with posts that are about to be written."""
    if not any(map(is_judged, posts)):
        return None
    standing: dict[str, Standing] = {}
    add_standing(standing, there)
    return conflict(posts, standing)


def _rank_conflict(parent: str | None, replies: Sequence[FiledPost], standing: Mapping[str, Standing]) -> Unfit | None:
    there = [post for post in replies if post.id in standing]
    if unranked := next((post for post in there if standing[post.id].rank is None), None):
        return Unfit(Reason.CONTRADICTION, _STANDS.format(unranked.id, "without a rank"))
    if len(there) < len(replies) and (there or standing.get(parent or "", Standing()).compared):
        why = (
            f"replies to message {parent} came with ranks before, from another file or from rows far from these, and "
            "nothing compares them with these; a file is taken whole if it is sorted by prompt"
        )
        return Unfit(Reason.CANNOT_LAND, why)
    for one, other in combinations(there, 2):
        if _sign(one.rank, other.rank) != _sign(standing[one.id].rank, standing[other.id].rank):
            return Unfit(Reason.CONTRADICTION, f"messages {one.id} and {other.id} are in the graph in another order")
    return None


def _sign(one: int | None, other: int | None) -> int:
    return ((one or 0) > (other or 0)) - ((one or 0) < (other or 0))
