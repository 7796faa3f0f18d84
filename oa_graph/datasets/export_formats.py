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

from oa_graph.datasets import oasst, preferences
from oa_graph.datasets.filters import check_name
from oa_graph.datasets.writers import Column, Compression, Record
from oa_graph.domain.posts import Role
from oa_graph.graph.datasets import DatasetPost, DatasetTree


@dataclass(frozen=True, slots=True)
class Choices:
    """Options of export formats."""

    threads: Literal["all", "best"] = "all"
    pairs: Literal["adjacent", "all"] = "all"
    min_margin: int | None = None
    """Voters by which a pair has to be decided. None: one, or ranks that came with an import and tell of no votes."""
    bare: bool = False
    """Without the columns that tell where a record comes from."""
    labels: bool = True
    events: bool = False

    def check(self) -> None:
        """Raise CannotExport for an unknown choice."""
        check_name("choice of threads", self.threads, ("all", "best"))
        check_name("choice of pairs", self.pairs, ("adjacent", "all"))


@dataclass(frozen=True, slots=True)
class SelectedTree:
    """A tree with the posts that are exported."""

    tree: DatasetTree
    """Its posts stand each before its replies, the best reply first."""
    selected_ids: frozenset[str] | None
    """Ids of the posts that are wanted; None: all."""
    choices: Choices
    compression: Compression

    def selects(self, post: DatasetPost) -> bool:
        return self.selected_ids is None or post.id in self.selected_ids


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format."""

    name: str
    summary: str
    reader: str
    columns: Sequence[Column]
    records: Callable[[SelectedTree], Iterator[Record | bytes]]
    ranked: bool = False
    """Whether it needs to know how people ranked."""
    needs_context: bool = True
    """Whether posts that are not picked come along above those that are."""

    def visible_columns(self, choices: Choices) -> list[Column]:
        return [column for column in self.columns if not (choices.bare and column.trace)]


def export_format(name: str) -> ExportFormat:
    """Return the format of this name. Raise CannotExport."""
    check_name("format", name, EXPORT_FORMATS)
    return EXPORT_FORMATS[name]


# Threads


def _turn(post: DatasetPost) -> dict[str, str]:
    return {"role": "assistant" if post.role is Role.ASSISTANT else "user", "content": post.text}


class _TreeIndex:
    """Lookup of posts and replies of a tree."""

    def __init__(self, tree: DatasetTree) -> None:
        self.posts = tree.posts
        self.by_id = {post.id: post for post in tree.posts}
        self.replies: dict[str, list[DatasetPost]] = {}
        for post in tree.posts:
            if post.parent is not None:
                self.replies.setdefault(post.parent, []).append(post)

    def thread(self, post: DatasetPost) -> list[DatasetPost]:
        thread = [post]
        while thread[-1].parent is not None:
            thread.append(self.by_id[thread[-1].parent])
        return thread[::-1]


def _threads(selected: SelectedTree) -> Iterator[list[DatasetPost]]:
    index = _TreeIndex(selected.tree)
    answered: set[str] = set()
    """Posts below which an assistant post stands that is wanted."""
    ends: list[DatasetPost] = []
    for post in reversed(index.posts):
        if post.role is Role.ASSISTANT and post.id not in answered and selected.selects(post):
            ends.append(post)
            answered.add(post.id)
        if post.id in answered and post.parent is not None:
            answered.add(post.parent)
    for post in reversed(ends[-1:] if selected.choices.threads == "best" else ends):
        yield index.thread(post)


def _trace_fields(selected: SelectedTree, posts: Sequence[DatasetPost]) -> dict[str, object]:
    if selected.choices.bare:
        return {}
    return {"tree_id": selected.tree.id, "post_ids": [post.id for post in posts], "lang": posts[0].lang}


_TRACE = (
    Column("tree_id", "text", "id of the tree", trace=True),
    Column("post_ids", "texts", "ids of the posts, in their order in the record", trace=True),
    Column("lang", "text", "language of the prompt", trace=True),
)


def _messages(selected: SelectedTree) -> Iterator[Record]:
    for thread in _threads(selected):
        yield {"messages": [_turn(post) for post in thread], **_trace_fields(selected, thread)}


def _prompt_completion(selected: SelectedTree) -> Iterator[Record]:
    for thread in _threads(selected):
        turns = [_turn(post) for post in thread]
        yield {"prompt": turns[:-1], "completion": turns[-1:], **_trace_fields(selected, thread)}


def _sharegpt(selected: SelectedTree) -> Iterator[Record]:
    for thread in _threads(selected):
        talk = [{"from": "gpt" if post.role is Role.ASSISTANT else "human", "value": post.text} for post in thread]
        yield {"conversations": talk, **_trace_fields(selected, thread)}


def _prompts(selected: SelectedTree) -> Iterator[Record]:
    index = _TreeIndex(selected.tree)
    for post in index.posts:
        if post.role is Role.PROMPTER and selected.selects(post):
            thread = index.thread(post)
            yield {"prompt": [_turn(turn) for turn in thread], **_trace_fields(selected, thread)}


# Comparisons


def margin(parent: DatasetPost, better: str, worse: str) -> int | None:
    """Return the number of voters who prefer `better` minus those who prefer `worse`.

    Where the rankings are gone, the margin of the consensus stands for it; None: the ranks came with an import.
    """
    compared = balance = 0
    for ranking in parent.rankings:
        if not ranking.not_rankable and better in ranking.order and worse in ranking.order:
            compared += 1
            balance += 1 if ranking.order.index(better) < ranking.order.index(worse) else -1
    return balance if compared else parent.margin


def _is_decided(selected: SelectedTree, parent: DatasetPost, better: DatasetPost, worse: DatasetPost) -> bool:
    """Return whether a pair is a preference: ranks and voters agree, with at least the chosen margin."""
    if _is_tied(parent, better, worse) or better.text == worse.text:
        return False
    votes = margin(parent, better.id, worse.id)
    least = selected.choices.min_margin
    return least is None or (votes is not None and votes >= least)


def _is_tied(parent: DatasetPost, better: DatasetPost, worse: DatasetPost) -> bool:
    """Return whether two replies share a rank, or no majority prefers the higher-ranked one."""
    if better.rank is None or worse.rank is None or better.rank >= worse.rank:
        return True
    votes = margin(parent, better.id, worse.id)
    return votes is not None and votes <= 0


def _compared(selected: SelectedTree) -> Iterator[tuple[list[DatasetPost], DatasetPost, list[DatasetPost]]]:
    """Yield threads to a prompter post, that post, and its ranked replies (two or more), best first."""
    index = _TreeIndex(selected.tree)
    for post in index.posts:
        replies = [
            reply for reply in index.replies.get(post.id, ()) if reply.rank is not None and selected.selects(reply)
        ]
        if post.role is Role.PROMPTER and len(replies) > 1:
            yield index.thread(post), post, replies


def _preference(selected: SelectedTree) -> Iterator[Record]:
    for thread, parent, replies in _compared(selected):
        for better, worse in _neighbours(replies) if selected.choices.pairs == "adjacent" else combinations(replies, 2):
            if _is_decided(selected, parent, better, worse):
                record: dict[str, object] = {
                    "prompt": [_turn(post) for post in thread],
                    "chosen": [_turn(better)],
                    "rejected": [_turn(worse)],
                }
                if not selected.choices.bare:
                    # Never null: readers take the type of a column from the first records of a file.
                    votes = margin(parent, better.id, worse.id) or 0
                    ids = {"chosen_id": better.id, "rejected_id": worse.id}
                    record |= _trace_fields(selected, thread) | ids | {"votes_margin": votes}
                yield record


def _neighbours(replies: Sequence[DatasetPost]) -> Iterator[tuple[DatasetPost, DatasetPost]]:
    """Yield each reply with each reply of the next rank. The order within a rank means nothing."""
    ranks = [tuple(tied) for _, tied in groupby(replies, key=attrgetter("rank"))]
    for better, worse in pairwise(ranks):
        yield from product(better, worse)


def _kto(selected: SelectedTree) -> Iterator[Record]:
    index = _TreeIndex(selected.tree)
    labels: dict[str, bool] = {}
    for _, parent, replies in _compared(selected):
        labels |= _labels_by_rank(selected, parent, replies)
    for post in index.posts:
        if post.role is not Role.ASSISTANT or not selected.selects(post):
            continue
        thread = index.thread(post)
        if post.accepted is False:
            labels[post.id] = False
        elif (is_desirable := preferences.is_desirable(post)) is not None:
            labels[post.id] = is_desirable
        if post.id in labels and all(turn.accepted for turn in thread[:-1]):
            turns = [_turn(turn) for turn in thread]
            yield {
                "prompt": turns[:-1],
                "completion": turns[-1:],
                "label": labels[post.id],
                **_trace_fields(selected, thread),
            }


def _labels_by_rank(selected: SelectedTree, parent: DatasetPost, replies: Sequence[DatasetPost]) -> dict[str, bool]:
    """Return True for the best reply and its ties, False for the worst and its ties; the others get no label."""
    best, worst = replies[0], replies[-1]
    if not _is_decided(selected, parent, best, worst):
        return {}
    tied_for_best = [reply for reply in replies if _is_tied(parent, best, reply)]
    tied_for_worst = [reply for reply in replies if _is_tied(parent, reply, worst)]
    return {reply.id: True for reply in tied_for_best if _is_decided(selected, parent, reply, worst)} | {
        reply.id: False for reply in tied_for_worst if _is_decided(selected, parent, best, reply)
    }


def _ranked(selected: SelectedTree) -> Iterator[Record]:
    for thread, parent, replies in _compared(selected):
        record: dict[str, object] = {
            "prompt": [_turn(post) for post in thread],
            "completions": [_turn(post) for post in replies],
            "scores": scores(parent, replies),
        }
        if not selected.choices.bare:
            record |= _trace_fields(selected, thread) | {"completion_post_ids": [post.id for post in replies]}
        yield record


def scores(parent: DatasetPost, replies: Sequence[DatasetPost]) -> list[float]:
    """Return for each reply the share of comparisons that it won, in the order of the replies.

    Where nobody here compared it, all voters are taken to agree with the ranks: 1 for the best, 0 for the worst. A
    shared rank is half a win then.
    """
    shares: list[float] = []
    for reply in replies:
        won = compared = 0
        for ranking in parent.rankings:
            if ranking.not_rankable or reply.id not in ranking.order:
                continue
            place = ranking.order.index(reply.id)
            others = [ranking.order.index(other.id) for other in replies if other.id in ranking.order]
            won += sum(place < other for other in others)
            compared += len(others) - 1
        shares.append(won / compared if compared else _share_by_rank(reply, replies))
    return shares


def _share_by_rank(reply: DatasetPost, replies: Sequence[DatasetPost]) -> float:
    worse = sum((other.rank or 0) > (reply.rank or 0) for other in replies)
    tied = sum(other.rank == reply.rank for other in replies) - 1
    return (worse + tied / 2) / (len(replies) - 1)


# As the original writes them


def _trees(selected: SelectedTree) -> Iterator[bytes]:
    """Yield a line for the tree, or a line for each selected post."""
    if selected.selected_ids is None:
        yield oasst.render(selected.tree, labels=selected.choices.labels, events=_events(selected))
        return
    for record in _message_records(selected):
        yield json.dumps({name: value for name, value in record.items() if not name.startswith("_")}).encode("ascii")


def _message_records(selected: SelectedTree) -> Iterator[dict[str, object]]:
    events_of = _events(selected)
    for post in selected.tree.posts:
        if selected.selects(post):
            fields = oasst.message(post, labels=selected.choices.labels, events=events_of and events_of(post))
            yield fields | {"message_tree_id": selected.tree.id, "tree_state": selected.tree.state.value}


def _flat(selected: SelectedTree) -> Iterator[Record]:
    for record in _message_records(selected):
        yield _columnar(record) if selected.compression is Compression.PARQUET else record


def _columnar(record: dict[str, object]) -> dict[str, object]:
    emojis, labels, events = record.get("emojis"), record.get("labels"), record.get("events")
    if isinstance(emojis, Mapping):
        record["emojis"] = {"name": [*emojis], "count": [*emojis.values()]}  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(labels, Mapping):
        means: Mapping[str, Mapping[str, object]] = labels  # pyright: ignore[reportUnknownVariableType]
        record["labels"] = {
            "name": [*means],
            "value": [mean.get("value") for mean in means.values()],
            "count": [mean["count"] for mean in means.values()],
        }
    if events is not None:
        record["events"] = json.dumps(events)
    return record


def _events(selected: SelectedTree) -> Callable[[DatasetPost], dict[str, object]] | None:
    """Return a function that gives the events of a post: reactions, and rankings of its replies."""
    if not selected.choices.events:
        return None

    def events_of_post(post: DatasetPost) -> dict[str, object]:
        events: dict[str, object] = {}
        if post.reactions:
            events["emoji"] = [_by(user, {"type": "emoji"}, {"emoji": emoji}) for user, emoji in post.reactions]
        if post.rankings:
            events["ranking"] = [
                _by(
                    ranking.maker,
                    {"type": "ranking"},
                    {
                        "ranking": list(ranking.shown),
                        "ranked_message_ids": list(ranking.order),
                        "ranking_parent_id": post.id,
                        "message_tree_id": selected.tree.id,
                        **({"not_rankable": True} if ranking.not_rankable else {}),
                    },
                )
                for ranking in post.rankings
            ]
        return events

    return events_of_post


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
    Column("ended", "flag", "whether the conversation ends here; null: not decided"),
    Column("emojis", "emojis", "reactions and how often each was given"),
    Column("labels", "labels", "mean and number of each label"),
    Column("events", "text", "JSON: reactions and rankings, one by one"),
    Column("detoxify", "detoxify", "scores by a model"),
    Column("message_tree_id", "text", "id of the root post"),
    Column("tree_state", "text", "state of the tree"),
)

EXPORT_FORMATS: Mapping[str, ExportFormat] = {
    export_format.name: export_format
    for export_format in (
        ExportFormat("trees", "Open-Assistant trees, one a line", "oasst tools; oa-graph import", (), _trees,
             needs_context=False),
        ExportFormat("messages", "Open-Assistant messages, one a record, as the published sets have them",
             "datasets, pandas; oa-graph import", _OASST, _flat, needs_context=False),
        ExportFormat("sft", "conversations that end with an assistant's post", "TRL SFTTrainer",
             (Column("messages", "turns", "role and content, from the prompt on"), *_TRACE), _messages),
        ExportFormat("prompt-completion", "the same, the last post apart",
             "TRL SFTTrainer with the loss on completions only",
             (_PROMPT, Column("completion", "turns", "one assistant message"), *_TRACE), _prompt_completion),
        ExportFormat("preference", "pairs of replies to one thread, the better one as chosen; no ties",
             "TRL DPOTrainer, RewardTrainer",
             (_PROMPT, Column("chosen", "turns", "the better reply"), Column("rejected", "turns", "the worse reply"),
              *_TRACE, Column("chosen_id", "text", "id of the better reply", trace=True),
              Column("rejected_id", "text", "id of the worse reply", trace=True),
              Column("votes_margin", "integer", "voters for chosen less voters for rejected; 0: an imported rank, "
                     "whose votes are not known", trace=True)), _preference, ranked=True),
        ExportFormat("kto", "single replies: true for the best of the ranked ones, false for the worst and for those "
             "that reviews rejected; an imported label goes before ranks; the others are left out", "TRL KTOTrainer",
             (_PROMPT, Column("completion", "turns", "one assistant message"),
              Column("label", "flag", "whether it is good"), *_TRACE), _kto, ranked=True),
        ExportFormat("prompts", "threads that wait for a reply of the assistant", "TRL GRPOTrainer, online methods",
             (_PROMPT, *_TRACE), _prompts),
        ExportFormat("ranked", "all ranked replies to a thread, best first", "reward models with losses over lists",
             (_PROMPT, Column("completions", "turns", "assistant messages, best first"),
              Column("scores", "numbers", "share of its comparisons that each won; the consensus may order otherwise"),
              *_TRACE, Column("completion_post_ids", "texts", "ids of the completions", trace=True)), _ranked,
             ranked=True),
        ExportFormat("sharegpt", "conversations from human and gpt", "LLaMA-Factory, Axolotl",
             (Column("conversations", "talk", "from (human or gpt) and value, from the prompt on"), *_TRACE),
             _sharegpt),
    )
}  # fmt: skip
"""Each format by its name."""
