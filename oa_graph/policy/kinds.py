"""The registry of task kinds, and the order in which `random` tries them.

A new kind of task starts with an entry in `KINDS`. Kinds of one family have the same sort of place; kinds of one group
are drawn together by `random`, with one weight.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from types import MappingProxyType

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import Answer, EndVoteAnswer, LabelAnswer, RankingAnswer, TaskKind, TextAnswer
from oa_graph.domain.users import ApiClient


class TaskFamily(StrEnum):
    """What a kind works on. It decides where its places are found."""

    REPLY = "reply"
    """A post is continued: an open place of a parent."""
    LABEL = "label"
    """A post is reviewed: an open place of that post."""
    RANK = "rank"
    """Siblings are put in order: an open place of their parent."""
    PROMPT = "prompt"
    """A tree is started. There are no places; the lottery decides how many prompts are wanted."""
    RANK_PROMPTS = "rank_prompts"
    """Prompts that wait for the lottery are put in order. There are no places; waiting prompts are drawn."""
    END_VOTE = "end_vote"
    """It is decided whether a conversation ends at a post: an open vote, apart from what the post wants else."""


@dataclass(frozen=True, slots=True)
class KindSpec:
    """The properties of one kind of task."""

    kind: TaskKind
    family: TaskFamily
    group: str
    """Kinds of one group are drawn as one; the place that is found decides on the kind."""
    weight: float
    """The weight of the group for `random`, independent of the number of open tasks; equal for all its kinds."""
    answer: type[Answer]
    """The type of answer."""
    capability: str | None = None
    """What a client has to be able to show; None: every client can. `random` never gives the kind to other clients."""
    open_by_name: bool = True
    """Whether a client without the capability may request the kind by name."""


# The weights are the original's, apart from the ranking of prompts. A prompt needs 3 rankings of 4 prompts each, thus
# 0.75 tasks, and its tree needs about 60 tasks later. The weight of 1 in 23 is three times that share, and growing
# trees still come first. So it is with end votes, of which a tree needs one or two.
KINDS: Mapping[TaskKind, KindSpec] = MappingProxyType(
    {
        spec.kind: spec
        for spec in (
            KindSpec(TaskKind.RANK_PROMPTER_REPLIES, TaskFamily.RANK, "ranking", 10, RankingAnswer),
            KindSpec(TaskKind.RANK_ASSISTANT_REPLIES, TaskFamily.RANK, "ranking", 10, RankingAnswer),
            KindSpec(TaskKind.LABEL_PROMPTER_REPLY, TaskFamily.LABEL, "label reply", 5, LabelAnswer),
            KindSpec(TaskKind.LABEL_ASSISTANT_REPLY, TaskFamily.LABEL, "label reply", 5, LabelAnswer),
            KindSpec(TaskKind.LABEL_INITIAL_PROMPT, TaskFamily.LABEL, "label prompt", 5, LabelAnswer),
            KindSpec(TaskKind.PROMPTER_REPLY, TaskFamily.REPLY, "reply", 2, TextAnswer),
            KindSpec(TaskKind.ASSISTANT_REPLY, TaskFamily.REPLY, "reply", 2, TextAnswer),
            KindSpec(
                TaskKind.RANK_INITIAL_PROMPTS,
                TaskFamily.RANK_PROMPTS,
                "rank prompts",
                1,
                RankingAnswer,
                capability="rank_initial_prompts",
            ),
            KindSpec(
                TaskKind.DECIDE_END,
                TaskFamily.END_VOTE,
                "end votes",
                1,
                EndVoteAnswer,
                capability="end_vote",
                open_by_name=False,
            ),
            KindSpec(TaskKind.INITIAL_PROMPT, TaskFamily.PROMPT, "prompt", 0.01, TextAnswer),
        )
    }
)


CAPABILITIES: frozenset[str] = frozenset(spec.capability for spec in KINDS.values() if spec.capability)
"""What an API client may have in addition: kinds of task that the original's frontends do not know."""


def is_offered(kind: TaskKind, limits: Limits) -> bool:
    """Return whether the limits allow tasks of this kind, by name or by `random`."""
    match kind:
        case TaskKind.RANK_PROMPTER_REPLIES:
            return limits.rank_prompter_replies
        case TaskKind.RANK_INITIAL_PROMPTS:
            return limits.rank_initial_prompts
        case _:
            return True


def is_shown_by(kind: TaskKind, capabilities: Collection[str]) -> bool:
    """Return whether a client with these capabilities can show a task of this kind."""
    capability = KINDS[kind].capability
    return capability is None or capability in capabilities


def may_be_named(kind: TaskKind, capabilities: Collection[str]) -> bool:
    """Return whether a client with these capabilities may request this kind by name."""
    return KINDS[kind].open_by_name or is_shown_by(kind, capabilities)


def is_for(kind: TaskKind, client: ApiClient) -> bool:
    """Return whether a client may be given tasks of this kind: a model writes, and does not judge."""
    return client.writes_as_model is None or KINDS[kind].answer is TextAnswer


def weighted_order(limits: Limits, *, capabilities: Collection[str], rng: Random) -> list[tuple[TaskKind, ...]]:
    """Return all groups that `random` may draw, in the order to try them; the first possible one is the draw.

    `random` has to draw among the possible groups in proportion to their weights, and only a look at the graph shows
    which groups are possible. So each group gets a time from Exp(weight), and the groups are tried in the order of
    these times. In any subset, group g comes first with the probability weight(g) / (sum of the subset's weights). So
    the first possible group is a draw with the right probability, and no group is looked at without need.
    """
    groups: dict[str, list[KindSpec]] = {}
    for spec in KINDS.values():
        if is_offered(spec.kind, limits) and is_shown_by(spec.kind, capabilities):
            groups.setdefault(spec.group, []).append(spec)
    clocks = {name: rng.expovariate(kinds[0].weight) for name, kinds in groups.items()}
    return [tuple(spec.kind for spec in groups[name]) for name in sorted(groups, key=clocks.__getitem__)]
