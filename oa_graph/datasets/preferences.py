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

A window holds the rows of a tree until no more can come for it (see `window`). Later rows, and rows of other files, are
checked by `conflict` against the stored tree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise, takewhile, zip_longest
from math import comb, isfinite
from typing import Any, cast

from oa_graph.datasets import chats, oasst
from oa_graph.datasets.chats import Turn
from oa_graph.datasets.rejects import InvalidRecord, Reject, RejectReason, reject_of
from oa_graph.datasets.rows import Row, TreeRecord
from oa_graph.datasets.window import WINDOW, Window
from oa_graph.domain.posts import Role
from oa_graph.graph.datasets import DESIRABLE, DatasetPost, DatasetTree, ImportedLabelMean, StoredTree

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

    branches: Sequence[DatasetTree]
    """The conversation of each reply."""
    depth: int
    """Of the replies."""
    tiers: Sequence[Sequence[str]] = ()
    """Ids of the replies, the best first; those of one tier are tied."""
    label: bool | None = None
    """Whether the only reply is wanted; None: the row does not say."""

    @property
    def replies(self) -> list[DatasetPost]:
        return [branch.posts[self.depth] for branch in self.branches]


Parse = Callable[[dict[str, Any], str, str | None], Judgement]
"""Make the judgement of a row: its fields, a default language, and the origin. Raise InvalidRecord."""


def pair_of(fields: dict[str, Any], lang: str, origin: str | None) -> Judgement:
    """Return the judgement of a row with a chosen and a rejected reply. Raise InvalidRecord."""
    names = next((names for names in PAIRS if any(fields.get(name) is not None for name in names)), PAIRS[0])
    for name in names:
        if fields.get(name) is None:
            raise InvalidRecord(RejectReason.WRONG_SHAPE, f"{name} is missing")
    extra = chats.without(fields, {*names, "score_chosen", "score_rejected"})
    if extra.get("messages") in (fields[names[0]], fields[names[1]]):  # some sets have the chosen one a second time
        extra.pop("messages")
    prompt = _take_prompt(extra)
    chosen, rejected = (fields[name] for name in names)
    if not prompt and _is_plain(chosen) and _is_plain(rejected):
        prompt, chosen, rejected = _split_prompt(chosen, rejected)
    conversations = [_conversation(prompt, reply, name) for name, reply in zip(names, (chosen, rejected), strict=True)]
    place = _common(conversations)
    if place == min(map(len, conversations)):
        raise InvalidRecord(
            RejectReason.WRONG_SHAPE, f"{' and '.join(names)} are the same, or one is the beginning of the other"
        )
    scores = [fields.get(name) for name in ("score_chosen", "score_rejected")]
    judgement = _judgement(conversations, place, extra, scores=scores, lang=lang, origin=origin)
    better, worse = (reply.id for reply in judgement.replies)
    is_tie = all(map(_is_number, scores)) and scores[0] == scores[1]
    return replace(judgement, tiers=[[better, worse]] if is_tie else [[better], [worse]])


def ranking_of(fields: dict[str, Any], lang: str, origin: str | None) -> Judgement:
    """Return the judgement of a row with scored replies. Raise InvalidRecord."""
    completions = fields.get("completions")
    if not isinstance(completions, list) or not completions:
        raise InvalidRecord(RejectReason.WRONG_SHAPE, "completions has to be a list of replies")
    if isinstance(fields.get("labels"), list):
        raise InvalidRecord(
            RejectReason.WRONG_SHAPE, "completions with labels are the steps of one reply, which no post can hold"
        )
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
    """Return the judgement of a row with one reply and its label. Raise InvalidRecord."""
    label = fields.get("label")
    if not isinstance(label, bool):
        raise InvalidRecord(RejectReason.WRONG_SHAPE, "label has to be true or false")
    completion = fields.get("completion")
    extra = chats.without(fields, {"completion", "label"})
    prompt = _take_prompt(extra)
    turns = prompt if completion is None else _conversation(prompt, completion, "completion")
    if not turns or turns[-1].role is not Role.ASSISTANT:
        raise InvalidRecord(RejectReason.WRONG_ROLE, "label needs a reply of the assistant as the last message")
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
    """Return a judgement without an order. `place`: index of the replies among the turns; `scores`: stored unchanged.

    The other fields of the row are kept with the first reply.
    """
    if any(turns[place].role is not Role.ASSISTANT for turns in conversations):
        why = "only assistant replies to the same prompt can be compared"
        raise InvalidRecord(RejectReason.WRONG_ROLE, why)
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
    """Return the score of each reply; higher is better. Raise InvalidRecord."""
    if listed is None:
        scores = [_own_score(reply) for reply in replies]
    elif isinstance(listed, list) and len(cast("list[object]", listed)) == len(replies):
        scores = cast("list[object]", listed)
    else:
        raise InvalidRecord(
            RejectReason.WRONG_SHAPE, f"scores has to be a list of {len(replies)} numbers, one for each completion"
        )
    if not all(map(_is_number, scores)):
        raise InvalidRecord(
            RejectReason.WRONG_SHAPE,
            f"the better completion is unknown: scores, or {', '.join(_SCORE_FIELDS)} of each completion, "
            "have to be numbers",
        )
    return cast("list[float]", scores)


def _is_number(score: object) -> bool:
    return isinstance(score, (int, float)) and not isinstance(score, bool) and isfinite(score)


def _own_score(reply: object) -> object:
    fields = cast("dict[str, object]", reply) if isinstance(reply, dict) else {}
    return next((fields[name] for name in _SCORE_FIELDS if fields.get(name) is not None), None)


def _tiers(ids: Sequence[str], scores: Sequence[float], *, in_order: bool) -> list[list[str]]:
    """Return the ids, best first, grouped by score. `in_order`: the ids are sorted already, whatever the scores say."""
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
        raise InvalidRecord(
            RejectReason.CONTRADICTION, "two completions are the same, or begin alike, and have different scores"
        )
    return tiers


# Prompts and replies


def _take_prompt(extra: dict[str, object]) -> list[Turn]:
    """Remove the prompt from the other fields of a row and return it; an empty list if there is none."""
    system = chats.take_system(extra)
    for name in (*_PROMPT_FIELDS, *chats.MESSAGE_FIELDS):
        value = extra.get(name)
        if isinstance(value, str) and name in _PROMPT_FIELDS:
            text, taken = chats.prompt_text(extra, name)
            turns = _transcript(text) or [Turn(Role.PROMPTER, text.strip())]
            if turns[-1].role is Role.ASSISTANT and not turns[-1].text:  # where the reply is to be put
                turns.pop()
        elif isinstance(value, list):
            turns, taken = chats.parse_turns(cast("list[Any]", value)), {name}
        else:
            continue
        for taken_name in taken:
            extra.pop(taken_name)
        return [*system, *turns]
    return system


def _is_plain(reply: object) -> bool:
    return isinstance(reply, str) and _transcript(reply) is None


def _split_prompt(chosen: str, rejected: str) -> tuple[list[Turn], str, str]:
    """Split texts without a prompt: like in TRL, the prompt is their common beginning, here up to the end of a word."""
    beginning = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip_longest(chosen, rejected)))
    prompt = re.match(r"(?s).*\s", beginning)
    if prompt is None or not prompt[0].strip():
        raise InvalidRecord(
            RejectReason.WRONG_SHAPE, "there is no prompt, and the texts have no beginning in common that could be it"
        )
    end = prompt.end()
    return [Turn(Role.PROMPTER, prompt[0].strip())], chosen[end:], rejected[end:]


def _conversation(prompt: Sequence[Turn], reply: object, name: str) -> list[Turn]:
    """Return the turns from the prompt to the end of a reply, which may include the prompt. Raise InvalidRecord."""
    try:
        turns = _turns(reply)
    except InvalidRecord as error:
        raise InvalidRecord(error.reason, f"{name}: {error}") from error
    if not all(turn.text for turn in turns) or not turns:
        raise InvalidRecord(RejectReason.EMPTY_TEXT, f"{name} has an empty text")
    if turns[0].role is Role.ASSISTANT or not prompt:
        return [*prompt, *turns]
    asked = [(turn.role, turn.text) for turn in prompt if turn.role is not None]
    spoken = [(turn.role, turn.text) for turn in turns if turn.role is not None]
    if spoken[: len(asked)] != asked:
        raise InvalidRecord(RejectReason.WRONG_THREAD, f"{name} is a conversation that does not begin with the prompt")
    return turns if turns[0].role is None else [*(turn for turn in prompt if turn.role is None), *turns]


def _turns(reply: object) -> list[Turn]:
    if isinstance(reply, str):
        return _transcript(reply) or [Turn(Role.ASSISTANT, reply.strip())]
    if isinstance(reply, list):
        return chats.parse_turns(cast("list[Any]", reply))
    if not isinstance(reply, dict):
        raise InvalidRecord(RejectReason.WRONG_SHAPE, "it is neither a text nor messages")
    fields = cast("dict[str, Any]", reply)
    if "role" in fields or "from" in fields:
        return chats.parse_turns([fields])
    name = next((name for name in _REPLY_FIELDS if isinstance(fields.get(name), str)), None)
    if name is None:
        raise InvalidRecord(RejectReason.WRONG_SHAPE, f"it has none of {', '.join(_REPLY_FIELDS)}")
    model = next((fields[name] for name in chats.MODEL_FIELDS if isinstance(fields.get(name), str)), None)
    taken = {name} if model is None else {name, *chats.MODEL_FIELDS}
    return [Turn(Role.ASSISTANT, fields[name].strip(), chats.without(fields, taken), model)]


def _transcript(text: str) -> list[Turn] | None:
    """Return the turns of a text with named speakers, as in hh-rlhf; None for other texts."""
    if not text.startswith(("\n\nHuman:", "\n\nAssistant:")) and not (
        re.match(r"\s*Human:", text) and "\n\nAssistant:" in text
    ):
        return None
    _, *parts = _SPEAKER.split(text)
    return [Turn(_SPEAKERS[name], part.strip()) for name, part in zip(parts[::2], parts[1::2], strict=True)]


def _common(conversations: Sequence[Sequence[Turn]]) -> int:
    """Return the number of turns that all conversations begin with."""
    for place, turns in enumerate(zip_longest(*conversations)):
        if len({turn and (turn.role, turn.text) for turn in turns}) > 1:
            return place
    return min(map(len, conversations))


# Rows to trees


@dataclass(frozen=True, slots=True)
class _JudgedRow:
    line: int
    row: bytes | dict[str, Any]
    judgement: Judgement


def trees_of(
    rows: Iterable[Row], parse: Parse, *, lang: str, origin: str | None, window: int = WINDOW
) -> Iterator[TreeRecord | Reject]:
    """Yield the finished trees of a file, and rejects."""
    window_rows = Window[_JudgedRow](window)
    for line, row in rows:
        try:
            if isinstance(row, InvalidRecord):
                raise row
            judgement = parse(oasst.fields_of(row), lang, origin)
        except InvalidRecord as error:
            yield reject_of(error, line, row)
            continue
        size = sum(len(post.text) for branch in judgement.branches for post in branch.posts)
        for _, leaving in window_rows.add(judgement.branches[0].id, _JudgedRow(line, row, judgement), size=size):
            yield from _built(leaving)
    for _, leaving in window_rows.rest():
        yield from _built(leaving)


def _built(rows: Sequence[_JudgedRow]) -> Iterator[TreeRecord | Reject]:
    """Yield the tree of all rows that do not contradict earlier rows, and rejects."""
    tree = _Tree()
    used: list[_JudgedRow] = []
    for judged in rows:
        try:
            tree.add(judged.judgement)
        except InvalidRecord as error:
            yield reject_of(error, judged.line, judged.row)
        else:
            used.append(judged)
    if used:
        whole = replace(used[0].judgement.branches[0], posts=tree.ranked())
        sources = [(judged.line, judged.row) for judged in used]
        yield TreeRecord(used[0].line, whole, sources, +Counter({IMPLIED: tree.implied()}))


@dataclass(slots=True)
class _Tree:
    """A tree that grows row by row."""

    posts: dict[str, DatasetPost] = field(default_factory=dict[str, DatasetPost])
    orders: dict[str | None, Order] = field(default_factory=lambda: {})
    """Of the replies to a post, by its id."""
    children: Counter[str | None] = field(default_factory=Counter)

    def add(self, judgement: Judgement) -> None:
        """Raise InvalidRecord, before anything is changed, for a row that contradicts those before it."""
        first = judgement.replies[0]
        if judgement.label is not None:
            known = self.posts.get(first.id)
            if known and is_desirable(known) not in (None, judgement.label):
                raise InvalidRecord(
                    RejectReason.CONTRADICTION, "a row before it has the other label for the same reply"
                )
            judgement = _labelled(judgement)
        if not self.orders.setdefault(first.parent, Order()).add(judgement.tiers):
            raise InvalidRecord(RejectReason.CONTRADICTION, "the rows before it put the same replies in another order")
        for branch in judgement.branches:
            for post in branch.posts:
                self._keep(post)

    def _keep(self, post: DatasetPost) -> None:
        """Keep a post; one without extra fields is replaced by the same post of a row with them."""
        known = self.posts.get(post.id)
        if known is None:
            self.posts[post.id] = replace(post, position=self.children[post.parent])
            self.children[post.parent] += 1
        elif known.extra is None and known.model_name is None:
            self.posts[post.id] = replace(post, position=known.position, labels=post.labels or known.labels)
        elif post.labels is not None:
            known.labels = post.labels

    def ranked(self) -> list[DatasetPost]:
        """Return the posts with their ranks, each before its replies."""
        ranks = {id: rank for order in self.orders.values() for id, rank in order.ranks().items()}
        return [replace(post, rank=ranks.get(post.id)) for post in self.posts.values()]

    def implied(self) -> int:
        return sum(order.implied() for order in self.orders.values())


def _labelled(judgement: Judgement) -> Judgement:
    (branch,) = judgement.branches
    posts = list(branch.posts)
    mean = ImportedLabelMean(1.0 if judgement.label else 0.0, 1)
    posts[judgement.depth] = replace(posts[judgement.depth], labels={DESIRABLE: mean})
    return replace(judgement, branches=[replace(branch, posts=posts)])


class Order:
    """What rows say of the order of some replies; what follows from several rows together is known as well."""

    def __init__(self) -> None:
        self._below: dict[str, set[str]] = {}
        """By reply: those that it is at least as good as, itself among them."""
        self._above: dict[str, set[str]] = {}

    def add(self, tiers: Sequence[Sequence[str]]) -> bool:
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
        """Return the rank of each reply: the number of replies with fewer better ones."""
        better = self._better()
        places = {number: place for place, number in reversed([*enumerate(sorted(better.values()))])}
        return {id: places[number] for id, number in better.items()}

    def _better(self) -> dict[str, int]:
        """Return for each reply how many replies are better, directly or transitively."""
        return {id: len(above - self._below[id]) for id, above in self._above.items()}

    def implied(self) -> int:
        """Return the number of pairs with different ranks that no row compares, directly or transitively."""
        better = self._better().values()
        ordered = comb(len(better), 2) - sum(comb(tied, 2) for tied in Counter(better).values())
        return ordered - sum(better)


# Stored posts


def is_desirable(post: DatasetPost) -> bool | None:
    """Return whether the file labels a reply as desirable; None if it does not say, or says both equally often."""
    mean = (post.labels or {}).get(DESIRABLE)
    return None if mean is None or mean.value is None or mean.value == 0.5 else mean.value > 0.5


def is_judged(post: DatasetPost) -> bool:
    """Return whether a file judges the post, by a rank or a label."""
    return post.rank is not None or _desirable_mean(post) is not None


def add_stored(stored: dict[str, StoredTree], posts: Iterable[DatasetPost]) -> None:
    """Add posts as if they were stored, each after its parent."""
    for post in posts:
        judged = is_judged(post)
        stored[post.id] = StoredTree(post.deleted, post.rank, _desirable_mean(post)) if judged else _UNJUDGED
        if post.rank is not None and post.parent in stored:
            stored[post.parent] = stored[post.parent]._replace(compared=True)


_UNJUDGED = StoredTree()


def _desirable_mean(post: DatasetPost) -> float | None:
    mean = (post.labels or {}).get(DESIRABLE)
    return mean and mean.value


def conflict(posts: Iterable[DatasetPost], stored: Mapping[str, StoredTree]) -> InvalidRecord | None:
    """Return why judgements of replies cannot be added to stored posts; None if they can, or are stored already."""
    siblings: dict[str | None, list[DatasetPost]] = {}
    for post in posts:
        mean, known = _desirable_mean(post), stored.get(post.id)
        if mean is not None and known and known.desirable != mean:
            return InvalidRecord(RejectReason.CONTRADICTION, _ALREADY_STORED.format(post.id, "without this label"))
        if post.rank is not None:
            siblings.setdefault(post.parent, []).append(post)
    for parent, replies in siblings.items():
        if error := _rank_conflict(parent, replies, stored):
            return error
    return None


_ALREADY_STORED = "message {} is in the graph {}, and an import changes no stored message"


def conflict_with(posts: Sequence[DatasetPost], there: Iterable[DatasetPost]) -> InvalidRecord | None:
    """Return the same as `conflict`, for posts that are about to be written."""
    if not any(map(is_judged, posts)):
        return None
    stored: dict[str, StoredTree] = {}
    add_stored(stored, there)
    return conflict(posts, stored)


def _rank_conflict(
    parent: str | None, replies: Sequence[DatasetPost], stored: Mapping[str, StoredTree]
) -> InvalidRecord | None:
    there = [post for post in replies if post.id in stored]
    if unranked := next((post for post in there if stored[post.id].rank is None), None):
        return InvalidRecord(RejectReason.CONTRADICTION, _ALREADY_STORED.format(unranked.id, "without a rank"))
    if len(there) < len(replies) and (there or stored.get(parent or "", StoredTree()).compared):
        why = (
            f"replies to message {parent} came with ranks before, from another file or from rows far from these, and "
            "nothing compares them with these; a file is taken whole if it is sorted by prompt"
        )
        return InvalidRecord(RejectReason.CANNOT_LAND, why)
    for one, other in combinations(there, 2):
        if _sign(one.rank, other.rank) != _sign(stored[one.id].rank, stored[other.id].rank):
            return InvalidRecord(
                RejectReason.CONTRADICTION, f"messages {one.id} and {other.id} are in the graph in another order"
            )
    return None


def _sign(one: int | None, other: int | None) -> int:
    return ((one or 0) > (other or 0)) - ((one or 0) < (other or 0))
