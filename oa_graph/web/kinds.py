"""Kinds of tasks in the words of the pages, and the kinds of work that people choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oa_graph.domain.posts import Role
from oa_graph.domain.tasks import TaskKind
from oa_graph.policy.kinds import KINDS
from oa_graph.web.texts import marked


@dataclass(frozen=True, slots=True)
class KindWords:
    """How a kind of task is called, and what to do."""

    title: str
    lead: str
    role: Role | None = None
    """In whose name a text is written."""


_WORDS: Mapping[TaskKind, KindWords] = {
    TaskKind.INITIAL_PROMPT: KindWords(
        marked("Begin a conversation"),
        marked("Write what you would ask or tell a helpful assistant. Anything goes that is worth an answer."),
        Role.PROMPTER,
    ),
    TaskKind.PROMPTER_REPLY: KindWords(
        marked("Reply as the user"),
        marked("Go on with the conversation: ask further, thank, object, or change the subject."),
        Role.PROMPTER,
    ),
    TaskKind.ASSISTANT_REPLY: KindWords(
        marked("Reply as the assistant"),
        marked("Answer as a helpful, honest and friendly assistant would."),
        Role.ASSISTANT,
    ),
    TaskKind.RANK_INITIAL_PROMPTS: KindWords(
        marked("Rank prompts"), marked("Put these prompts in order. The best begins a good conversation.")
    ),
    TaskKind.RANK_PROMPTER_REPLIES: KindWords(
        marked("Rank replies of the user"), marked("Put these replies in order, the best first.")
    ),
    TaskKind.RANK_ASSISTANT_REPLIES: KindWords(
        marked("Rank replies of the assistant"), marked("Put these replies in order, the best first.")
    ),
    TaskKind.LABEL_INITIAL_PROMPT: KindWords(
        marked("Review a prompt"), marked("Read the marked message and say what you think of it.")
    ),
    TaskKind.LABEL_PROMPTER_REPLY: KindWords(
        marked("Review a reply of the user"), marked("Read the marked message and say what you think of it.")
    ),
    TaskKind.LABEL_ASSISTANT_REPLY: KindWords(
        marked("Review a reply of the assistant"), marked("Read the marked message and say what you think of it.")
    ),
    TaskKind.DECIDE_END: KindWords(
        marked("Is this the end?"), marked("Read the conversation and say whether it is at its end.")
    ),
}


def words_of(kind: TaskKind) -> KindWords:
    """How a kind of task is called."""
    return _WORDS[kind]


@dataclass(frozen=True, slots=True)
class Want:
    """A kind of work that people choose."""

    name: str
    label: str
    kinds: tuple[TaskKind | None, ...]
    """The kinds of task to ask for, in order; None: what is needed most."""


WANTS = (
    Want("any", marked("Anything"), (None,)),
    Want("write", marked("Write"), (TaskKind.ASSISTANT_REPLY, TaskKind.PROMPTER_REPLY, TaskKind.INITIAL_PROMPT)),
    Want(
        "review",
        marked("Review"),
        (
            TaskKind.LABEL_ASSISTANT_REPLY,
            TaskKind.LABEL_PROMPTER_REPLY,
            TaskKind.LABEL_INITIAL_PROMPT,
            TaskKind.DECIDE_END,
        ),
    ),
    Want(
        "rank",
        marked("Rank"),
        (TaskKind.RANK_ASSISTANT_REPLIES, TaskKind.RANK_PROMPTER_REPLIES, TaskKind.RANK_INITIAL_PROMPTS),
    ),
    Want("prompt", marked("Begin a conversation"), (TaskKind.INITIAL_PROMPT,)),
)
"""What the start of the work offers, the first unless somebody chooses."""

assert {*_WORDS} == {*KINDS}, "each kind has its words"
