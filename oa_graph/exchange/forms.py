"""The formats of an export: which records a tree gives, and what their columns mean.

A thread goes from a prompt to a post. Where a format wants threads, these are: one for each assistant post below which
no other stands that comes along, or only the best of each tree, which takes the first reply at every step. What
prompters said after the last assistant post is left out. Replies stand in the order of their ranks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby, pairwise, product
from operator import attrgetter
from typing import Literal

from oa_graph.exchange import oasst, preferences
from oa_graph.exchange.filters import check_name
from oa_graph.exchange.sinks import Column, Packing, Record
from oa_graph.graph.exchange import FiledPost, FiledTree
from oa_graph.model import Role


@dataclass(frozen=True, slots=True)
class Choices:
    """How a format is made, where there is a choice."""

    threads: Literal["all", "best"] = "all"
    pairs: Literal["adjacent", "all"] = "all"
    min_margin: int | None = None
    """Voters by which a pair has to be decided. None: one, or ranks that came with an import and tell of no votes."""
    bare: bool = False
    """Without the columns that tell where a record comes from."""
    labels: bool = True
    events: bool = False

    def check(self) -> None:
        """Raise CannotExport for a choice that there is not."""
        check_name("choice of threads", self.threads, ("all", "best"))
        check_name("choice of pairs", self.pairs, ("adjacent", "all"))


@dataclass(frozen=True, slots=True)
class Cut:
    """A tree as it comes along."""

    tree: FiledTree
    """Its posts stand each before its replies, the best reply first."""
    picked: frozenset[str] | None
    """Ids of the posts that are wanted; None: all."""
    choices: Choices
    packing: Packing

    def wants(self, post: FiledPost) -> bool:
        return self.picked is None or post.id in self.picked


@dataclass(frozen=True, slots=True)
class Form:
    """A format."""

    name: str
    gist: str
    reader: str
    columns: Sequence[Column]
    records: Callable[[Cut], Iterator[Record | bytes]]
    ranked: bool = False
    """Whether it needs to know how people ranked."""
    needs_context: bool = True
    """Whether posts that are not picked come along above those that are."""

    def shown(self, choices: Choices) -> list[Column]:
        return [each for each in self.columns if not (choices.bare and each.trace)]


def form(name: str) -> Form:
    """Raises CannotExport."""
    check_name("format", name, FORMS)
    return FORMS[name]


# Threads


def _turn(post: FiledPost) -> dict[str, str]:
    return {"role": "assistant" if post.role is Role.ASSISTANT else "user", "content": post.text}


class _Shape:
    """Who replies to whom."""

    def __init__(self, tree: FiledTree) -> None:
        self.posts = tree.posts
        self.by_id = {post.id: post for post in tree.posts}
        self.replies: dict[str, list[FiledPost]] = {}
        for post in tree.posts:
            if post.parent is not None:
                self.replies.setdefault(post.parent, []).append(post)

    def thread(self, post: FiledPost) -> list[FiledPost]:
        found = [post]
        while found[-1].parent is not None:
            found.append(self.by_id[found[-1].parent])
        return found[::-1]


def _threads(cut: Cut) -> Iterator[list[FiledPost]]:
    shape = _Shape(cut.tree)
    answered: set[str] = set()
    """Posts below which an assistant post stands that is wanted."""
    ends: list[FiledPost] = []
    for post in reversed(shape.posts):
        if post.role is Role.ASSISTANT and post.id not in answered and cut.wants(post):
            ends.append(post)
            answered.add(post.id)
        if post.id in answered and post.parent is not None:
            answered.add(post.parent)
    for post in reversed(ends[-1:] if cut.choices.threads == "best" else ends):
        yield shape.thread(post)


def _trace(cut: Cut, posts: Sequence[FiledPost]) -> dict[str, object]:
    if cut.choices.bare:
        return {}
    return {"tree_id": cut.tree.id, "post_ids": [post.id for post in posts], "lang": posts[0].lang}


_TRACE = (
    Column("tree_id", "text", "id of the tree", trace=True),
    Column("post_ids", "texts", "ids of the posts, in their order in the record", trace=True),
    Column("lang", "text", "language of the prompt", trace=True),
)


def _messages(cut: Cut) -> Iterator[Record]:
    for thread in _threads(cut):
        yield {"messages": [_turn(post) for post in thread], **_trace(cut, thread)}


def _prompt_completion(cut: Cut) -> Iterator[Record]:
    for thread in _threads(cut):
        turns = [_turn(post) for post in thread]
        yield {"prompt": turns[:-1], "completion": turns[-1:], **_trace(cut, thread)}


def _sharegpt(cut: Cut) -> Iterator[Record]:
    for thread in _threads(cut):
        talk = [{"from": "gpt" if post.role is Role.ASSISTANT else "human", "value": post.text} for post in thread]
        yield {"conversations": talk, **_trace(cut, thread)}


def _prompts(cut: Cut) -> Iterator[Record]:
    shape = _Shape(cut.tree)
    for post in shape.posts:
        if post.role is Role.PROMPTER and cut.wants(post):
            thread = shape.thread(post)
            yield {"prompt": [_turn(each) for each in thread], **_trace(cut, thread)}


# Comparisons


def margin(parent: FiledPost, better: str, worse: str) -> int | None:
    """Voters who prefer the one less those who prefer the other.

    Where the rankings are gone, the margin of the consensus stands for it; None: the ranks came with an import.
    """
    compared = balance = 0
    for ranking in parent.rankings:
        if not ranking.not_rankable and better in ranking.order and worse in ranking.order:
            compared += 1
            balance += 1 if ranking.order.index(better) < ranking.order.index(worse) else -1
    return balance if compared else parent.margin


def _is_decided(cut: Cut, parent: FiledPost, better: FiledPost, worse: FiledPost) -> bool:
    """Whether a pair is a preference: ranks and the voters agree on it, by the margin that the choices ask for."""
    if _is_tied(parent, better, worse) or better.text == worse.text:
        return False
    votes = margin(parent, better.id, worse.id)
    least = cut.choices.min_margin
    return least is None or (votes is not None and votes >= least)


def _is_tied(parent: FiledPost, better: FiledPost, worse: FiledPost) -> bool:
    """Whether two replies share a rank, or no majority prefers the one that ranks higher."""
    if better.rank is None or worse.rank is None or better.rank >= worse.rank:
        return True
    votes = margin(parent, better.id, worse.id)
    return votes is not None and votes <= 0


def _compared(cut: Cut) -> Iterator[tuple[list[FiledPost], FiledPost, list[FiledPost]]]:
    """Threads to a prompter post, that post, and at least two replies that have ranks, the best first."""
    shape = _Shape(cut.tree)
    for post in shape.posts:
        replies = [each for each in shape.replies.get(post.id, ()) if each.rank is not None and cut.wants(each)]
        if post.role is Role.PROMPTER and len(replies) > 1:
            yield shape.thread(post), post, replies


def _preference(cut: Cut) -> Iterator[Record]:
    for thread, parent, replies in _compared(cut):
        for better, worse in _neighbours(replies) if cut.choices.pairs == "adjacent" else combinations(replies, 2):
            if _is_decided(cut, parent, better, worse):
                record: dict[str, object] = {
                    "prompt": [_turn(post) for post in thread],
                    "chosen": [_turn(better)],
                    "rejected": [_turn(worse)],
                }
                if not cut.choices.bare:
                    # Never null: readers take the type of a column from the first records of a file.
                    votes = margin(parent, better.id, worse.id) or 0
                    ids = {"chosen_id": better.id, "rejected_id": worse.id}
                    record |= _trace(cut, thread) | ids | {"votes_margin": votes}
                yield record


def _neighbours(replies: Sequence[FiledPost]) -> Iterator[tuple[FiledPost, FiledPost]]:
    """Each reply with each reply of the next rank: which of several of one rank stands first means nothing."""
    ranks = [tuple(tied) for _, tied in groupby(replies, key=attrgetter("rank"))]
    for better, worse in pairwise(ranks):
        yield from product(better, worse)


def _kto(cut: Cut) -> Iterator[Record]:
    shape = _Shape(cut.tree)
    labels: dict[str, bool] = {}
    for _, parent, replies in _compared(cut):
        labels |= _labels_by_rank(cut, parent, replies)
    for post in shape.posts:
        if post.role is not Role.ASSISTANT or not cut.wants(post):
            continue
        thread = shape.thread(post)
        if post.accepted is False:
            labels[post.id] = False
        elif (is_desirable := preferences.is_desirable(post)) is not None:
            labels[post.id] = is_desirable
        if post.id in labels and all(each.accepted for each in thread[:-1]):
            turns = [_turn(each) for each in thread]
            yield {
                "prompt": turns[:-1],
                "completion": turns[-1:],
                "label": labels[post.id],
                **_trace(cut, thread),
            }


def _labels_by_rank(cut: Cut, parent: FiledPost, replies: Sequence[FiledPost]) -> dict[str, bool]:
    """True for the best and all tied with it, False for the worst and all tied with it; nothing for the others."""
    best, worst = replies[0], replies[-1]
    if not _is_decided(cut, parent, best, worst):
        return {}
    tied_for_best = [reply for reply in replies if _is_tied(parent, best, reply)]
    tied_for_worst = [reply for reply in replies if _is_tied(parent, reply, worst)]
    return {reply.id: True for reply in tied_for_best if _is_decided(cut, parent, reply, worst)} | {
        reply.id: False for reply in tied_for_worst if _is_decided(cut, parent, best, reply)
    }


def _ranked(cut: Cut) -> Iterator[Record]:
    for thread, parent, replies in _compared(cut):
        record: dict[str, object] = {
            "prompt": [_turn(post) for post in thread],
            "completions": [_turn(post) for post in replies],
            "scores": scores(parent, replies),
        }
        if not cut.choices.bare:
            record |= _trace(cut, thread) | {"completion_post_ids": [post.id for post in replies]}
        yield record


def scores(parent: FiledPost, replies: Sequence[FiledPost]) -> list[float]:
    """The share of its comparisons with the others that each reply won, in the order of the replies.

    Where nobody here compared it, all voters are taken to agree with the ranks: 1 for the best, 0 for the worst. A
    shared rank is half a win then.
    """
    found: list[float] = []
    for reply in replies:
        won = compared = 0
        for ranking in parent.rankings:
            if ranking.not_rankable or reply.id not in ranking.order:
                continue
            place = ranking.order.index(reply.id)
            others = [ranking.order.index(other.id) for other in replies if other.id in ranking.order]
            won += sum(place < other for other in others)
            compared += len(others) - 1
        found.append(won / compared if compared else _share_by_rank(reply, replies))
    return found


def _share_by_rank(reply: FiledPost, replies: Sequence[FiledPost]) -> float:
    worse = sum((other.rank or 0) > (reply.rank or 0) for other in replies)
    tied = sum(other.rank == reply.rank for other in replies) - 1
    return (worse + tied / 2) / (len(replies) - 1)


# As the original writes them


def _trees(cut: Cut) -> Iterator[bytes]:
    """A line for the tree; where posts are picked, a line for each of them."""
    if cut.picked is None:
        yield oasst.render(cut.tree, labels=cut.choices.labels, events=_events(cut))
        return
    for record in _picked(cut):
        yield json.dumps({name: value for name, value in record.items() if not name.startswith("_")}).encode("ascii")


def _picked(cut: Cut) -> Iterator[dict[str, object]]:
    told = _events(cut)
    for post in cut.tree.posts:
        if cut.wants(post):
            found = oasst.message(post, labels=cut.choices.labels, events=told and told(post))
            yield found | {"message_tree_id": cut.tree.id, "tree_state": cut.tree.state.value}


def _flat(cut: Cut) -> Iterator[Record]:
    for record in _picked(cut):
        yield _columnar(record) if cut.packing is Packing.PARQUET else record


def _columnar(record: dict[str, object]) -> dict[str, object]:
    emojis, labels, events = record.get("emojis"), record.get("labels"), record.get("events")
    if isinstance(emojis, Mapping):
        record["emojis"] = {"name": [*emojis], "count": [*emojis.values()]}  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(labels, Mapping):
        each: Mapping[str, Mapping[str, object]] = labels  # pyright: ignore[reportUnknownVariableType]
        record["labels"] = {
            "name": [*each],
            "value": [mean.get("value") for mean in each.values()],
            "count": [mean["count"] for mean in each.values()],
        }
    if events is not None:
        record["events"] = json.dumps(events)
    return record


def _events(cut: Cut) -> Callable[[FiledPost], dict[str, object]] | None:
    """What people did to a post: each reaction, each ranking of its replies."""
    if not cut.choices.events:
        return None

    def told(post: FiledPost) -> dict[str, object]:
        events: dict[str, object] = {}
        if post.reactions:
            events["emoji"] = [_by(user, {"type": "emoji"}, {"emoji": emoji}) for user, emoji in post.reactions]
        if post.rankings:
            events["ranking"] = [
                _by(
                    each.maker,
                    {"type": "ranking"},
                    {
                        "ranking": list(each.shown),
                        "ranked_message_ids": list(each.order),
                        "ranking_parent_id": post.id,
                        "message_tree_id": cut.tree.id,
                        **({"not_rankable": True} if each.not_rankable else {}),
                    },
                )
                for each in post.rankings
            ]
        return events

    return told


def _by(user: str, head: dict[str, object], rest: dict[str, object]) -> dict[str, object]:
    return head | ({"user_id": user} if user else {}) | rest


_PROMPT = Column("prompt", "turns", "the thread before the completion, as role and content")
_OASST = (
    Column("message_id", "text", "id of the post"),
    Column("parent_id", "text", "id of the post that it replies to"),
    Column("user_id", "text", "its author"),
    Column("created_date", "text", "ISO 8601"),
    Column("text", "text", "what it says"),
    Column("role", "text", "prompter or assistant"),
    Column("lang", "text", "BCP 47 tag"),
    Column("review_count", "integer", "reviews that counted"),
    Column("review_result", "flag", "accepted or rejected; null: undecided"),
    Column("deleted", "flag", "whether it was deleted"),
    Column("rank", "integer", "0 = best among its siblings; null: not ranked"),
    Column("synthetic", "flag", "whether a model wrote it"),
    Column("model_name", "text", "that model"),
    Column("emojis", "emojis", "reactions and how often each was given"),
    Column("labels", "labels", "mean and number of each label"),
    Column("events", "text", "JSON: reactions and rankings, one by one"),
    Column("detoxify", "detoxify", "scores by a model"),
    Column("message_tree_id", "text", "id of the root post"),
    Column("tree_state", "text", "state of the tree"),
)

FORMS: Mapping[str, Form] = {
    each.name: each
    for each in (
        Form("trees", "Open-Assistant trees, one a line", "oasst tools; oa-graph import", (), _trees,
             needs_context=False),
        Form("messages", "Open-Assistant messages, one a record, as the published sets have them",
             "datasets, pandas; oa-graph import", _OASST, _flat, needs_context=False),
        Form("sft", "conversations that end with an assistant's post", "TRL SFTTrainer",
             (Column("messages", "turns", "role and content, from the prompt on"), *_TRACE), _messages),
        Form("prompt-completion", "the same, the last post apart", "TRL SFTTrainer with the loss on completions only",
             (_PROMPT, Column("completion", "turns", "one assistant message"), *_TRACE), _prompt_completion),
        Form("preference", "pairs of replies to one thread, the better one as chosen; no ties",
             "TRL DPOTrainer, RewardTrainer",
             (_PROMPT, Column("chosen", "turns", "the better reply"), Column("rejected", "turns", "the worse reply"),
              *_TRACE, Column("chosen_id", "text", "id of the better reply", trace=True),
              Column("rejected_id", "text", "id of the worse reply", trace=True),
              Column("votes_margin", "integer", "voters for chosen less voters for rejected; 0: an imported rank, "
                     "whose votes are not known", trace=True)), _preference, ranked=True),
        Form("kto", "single replies: true for the best of the ranked ones, false for the worst and for those that "
             "reviews rejected; an imported label goes before ranks; the others are left out", "TRL KTOTrainer",
             (_PROMPT, Column("completion", "turns", "one assistant message"),
              Column("label", "flag", "whether it is good"), *_TRACE), _kto, ranked=True),
        Form("prompts", "threads that wait for a reply of the assistant", "TRL GRPOTrainer, online methods",
             (_PROMPT, *_TRACE), _prompts),
        Form("ranked", "all ranked replies to a thread, best first", "reward models with losses over lists",
             (_PROMPT, Column("completions", "turns", "assistant messages, best first"),
              Column("scores", "numbers", "share of its comparisons that each won; the consensus may order otherwise"),
              *_TRACE, Column("completion_post_ids", "texts", "ids of the completions", trace=True)), _ranked,
             ranked=True),
        Form("sharegpt", "conversations from human and gpt", "LLaMA-Factory, Axolotl",
             (Column("conversations", "talk", "from (human or gpt) and value, from the prompt on"), *_TRACE),
             _sharegpt),
    )
}  # fmt: skip
"""Each format by its name."""
