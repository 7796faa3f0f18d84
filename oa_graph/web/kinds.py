"""Titles of the kinds of tasks, and the kinds of work that users choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oa_graph.domain.posts import Role
from oa_graph.domain.tasks import TaskKind
from oa_graph.policy.kinds import KINDS
from oa_graph.web.texts import N_


@dataclass(frozen=True, slots=True)
class KindWords:
    """The title and the instruction of a kind of task."""

    title: str
    lead: str
    role: Role | None = None
    """The role in which the text is written; None: the task asks for no text."""


_WORDS: Mapping[TaskKind, KindWords] = {
    TaskKind.INITIAL_PROMPT: KindWords(
        N_("Begin a conversation"),
        N_("Write what you would ask or tell a helpful assistant. Anything goes that is worth an answer."),
        Role.PROMPTER,
    ),
    TaskKind.PROMPTER_REPLY: KindWords(
        N_("Reply as the user"),
        N_("Go on with the conversation: ask further, thank, object, or change the subject."),
        Role.PROMPTER,
    ),
    TaskKind.ASSISTANT_REPLY: KindWords(
        N_("Reply as the assistant"),
        N_("Answer as a helpful, honest and friendly assistant would."),
        Role.ASSISTANT,
    ),
    TaskKind.RANK_INITIAL_PROMPTS: KindWords(
        N_("Rank prompts"), N_("Put these prompts in order. The best begins a good conversation.")
    ),
    TaskKind.RANK_PROMPTER_REPLIES: KindWords(
        N_("Rank replies of the user"), N_("Put these replies in order, the best first.")
    ),
    TaskKind.RANK_ASSISTANT_REPLIES: KindWords(
        N_("Rank replies of the assistant"), N_("Put these replies in order, the best first.")
    ),
    TaskKind.LABEL_INITIAL_PROMPT: KindWords(
        N_("Review a prompt"), N_("Read the marked message and say what you think of it.")
    ),
    TaskKind.LABEL_PROMPTER_REPLY: KindWords(
        N_("Review a reply of the user"), N_("Read the marked message and say what you think of it.")
    ),
    TaskKind.LABEL_ASSISTANT_REPLY: KindWords(
        N_("Review a reply of the assistant"), N_("Read the marked message and say what you think of it.")
    ),
    TaskKind.DECIDE_END: KindWords(
        N_("Is this the end?"), N_("Read the conversation and decide whether it ends here.")
    ),
}


def words_of(kind: TaskKind) -> KindWords:
    """Return the title and the instruction of a kind of task."""
    return _WORDS[kind]


@dataclass(frozen=True, slots=True)
class WorkChoice:
    """A kind of work that users can choose."""

    name: str
    label: str
    kinds: tuple[TaskKind | None, ...]
    """The kinds of task to request, in order; None: the kind that is needed most."""


WORK_CHOICES = (
    WorkChoice("any", N_("Anything"), (None,)),
    WorkChoice("write", N_("Write"), (TaskKind.ASSISTANT_REPLY, TaskKind.PROMPTER_REPLY, TaskKind.INITIAL_PROMPT)),
    WorkChoice(
        "review",
        N_("Review"),
        (
            TaskKind.LABEL_ASSISTANT_REPLY,
            TaskKind.LABEL_PROMPTER_REPLY,
            TaskKind.LABEL_INITIAL_PROMPT,
            TaskKind.DECIDE_END,
        ),
    ),
    WorkChoice(
        "rank",
        N_("Rank"),
        (TaskKind.RANK_ASSISTANT_REPLIES, TaskKind.RANK_PROMPTER_REPLIES, TaskKind.RANK_INITIAL_PROMPTS),
    ),
    WorkChoice("prompt", N_("Begin a conversation"), (TaskKind.INITIAL_PROMPT,)),
)
"""The choices of the task page; the first is the default."""


def work_choice(name: str) -> WorkChoice:
    """Return the choice with this name; the default for any other text."""
    return next((work for work in WORK_CHOICES if work.name == name), WORK_CHOICES[0])


assert {*_WORDS} == {*KINDS}, "each kind has its words"
