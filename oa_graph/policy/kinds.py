"""The registry: one entry for each kind of task, and the order in which `random` tries them.

A new kind of task starts here, with one entry in `KINDS`. What a kind has in common with others is its
family; what is drawn together by `random`, with one weight, is its group.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from types import MappingProxyType

from oa_graph.model import LabelAnswer, Limits, RankingAnswer, TaskKind, TextAnswer


class Family(StrEnum):
    """What a kind works on, and so where its places are looked for."""

    REPLY = "reply"
    """A post is continued: an open place of a parent."""
    LABEL = "label"
    """A post is reviewed: an open place of that post."""
    RANK = "rank"
    """Siblings are put in order: an open place of their parent."""
    PROMPT = "prompt"
    """A tree is started: no place, the lottery says how many are wanted."""
    RANK_PROMPTS = "rank_prompts"
    """Prompts that wait for the lottery are put in order: no place, they are drawn from the waiting ones."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What the program knows of one kind of task."""

    kind: TaskKind
    family: Family
    group: str
    """Kinds of one group are drawn as one: which of them it becomes falls out of the place that is found."""
    weight: float
    """How much `random` wants the group, whatever the number of open tasks; the same for all kinds of it."""
    answer: type[TextAnswer | RankingAnswer | LabelAnswer]
    """What settles the task."""
    skip: str | None
    """The reaction that a refusal leaves on the post, which hides it from the one who refused."""
    extra: bool = False
    """Not known to the original's frontends: `random` gives it only to those that name it as a capability."""


# The weights are the original's, but for the ranking of prompts: a prompt asks for 3 rankings that show 4
# prompts each, so 0.75 tasks, beside the 60 or so that its tree asks for later; 1 of 23 gives it three times
# its part, and growing trees still come first.
KINDS: Mapping[TaskKind, Kind] = MappingProxyType(
    {
        each.kind: each
        for each in (
            Kind(TaskKind.RANK_PROMPTER_REPLIES, Family.RANK, "ranking", 10, RankingAnswer, "_skip_ranking"),
            Kind(TaskKind.RANK_ASSISTANT_REPLIES, Family.RANK, "ranking", 10, RankingAnswer, "_skip_ranking"),
            Kind(TaskKind.LABEL_PROMPTER_REPLY, Family.LABEL, "label reply", 5, LabelAnswer, "_skip_labeling"),
            Kind(TaskKind.LABEL_ASSISTANT_REPLY, Family.LABEL, "label reply", 5, LabelAnswer, "_skip_labeling"),
            Kind(TaskKind.LABEL_INITIAL_PROMPT, Family.LABEL, "label prompt", 5, LabelAnswer, "_skip_labeling"),
            Kind(TaskKind.PROMPTER_REPLY, Family.REPLY, "reply", 2, TextAnswer, "_skip_reply"),
            Kind(TaskKind.ASSISTANT_REPLY, Family.REPLY, "reply", 2, TextAnswer, "_skip_reply"),
            Kind(
                TaskKind.RANK_INITIAL_PROMPTS,
                Family.RANK_PROMPTS,
                "rank prompts",
                1,
                RankingAnswer,
                None,
                extra=True,
            ),
            Kind(TaskKind.INITIAL_PROMPT, Family.PROMPT, "prompt", 0.01, TextAnswer, None),
        )
    }
)


def offered(kind: TaskKind, limits: Limits) -> bool:
    """Whether the limits let this kind be handed out at all, by name or by chance."""
    match kind:
        case TaskKind.RANK_PROMPTER_REPLIES:
            return limits.rank_prompter_replies
        case TaskKind.RANK_INITIAL_PROMPTS:
            return limits.rank_initial_prompts
        case _:
            return True


def race(limits: Limits, *, capabilities: Collection[str], rng: Random) -> list[tuple[TaskKind, ...]]:
    """All groups that `random` may draw, in the order to try them; the first possible one is the draw.

    `random` has to draw a group in proportion to its weight among those that are possible, and what is
    possible is known only after looking. So each group gets a clock that rings after a time drawn from
    Exp(weight), and they are tried as they ring. Of any subset, group g rings first with probability
    weight(g) / (sum of the subset's weights); so taking the first possible group is that very draw, whichever
    subset it is, and no group has to be looked at without need.
    """
    groups: dict[str, list[Kind]] = {}
    for each in KINDS.values():
        if offered(each.kind, limits) and (not each.extra or each.kind in capabilities):
            groups.setdefault(each.group, []).append(each)
    clocks = {name: rng.expovariate(kinds[0].weight) for name, kinds in groups.items()}
    return [tuple(each.kind for each in groups[name]) for name in sorted(groups, key=clocks.__getitem__)]
