"""Chat endpoints that speak OpenAI's API, and how a task is put to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from oa_graph.client import ConversationMessage, PromptTask, ReplyTask
from oa_graph.errors import PackageMissing, Setup

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionMessageParam

INSTRUCTIONS: Mapping[str, str] = {
    "assistant_reply": "",
    "prompter_reply": "You are a person who talks to an assistant. Write your next message, and nothing else.",
    "initial_prompt": "You are a person who begins a conversation with an assistant. Write your first message, "
    "and nothing else.",
}
"""The system prompt of each kind of task, if none is given."""

_BEGIN = "Begin the conversation."


class ChatFailed(Setup):
    """The model {model} gave no text: {why}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatOptions:
    """How a model is asked for a text."""

    model: str
    """Its name at the endpoint."""
    system: str | None = None
    """The system prompt; None: that of `INSTRUCTIONS`."""
    temperature: float | None = None
    """None: the endpoint's default."""
    max_tokens: int | None = None
    """Maximum length of a text in tokens; None: the endpoint's default."""
    retries: int = 2
    """Retries of a failed request."""
    timeout: float = 120.0
    """Seconds within which the endpoint has to answer."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A text of a model, and the tokens that it cost."""

    text: str
    tokens: int


class Chat:
    """A chat endpoint, and an async context manager. Raise PackageMissing without openai."""

    def __init__(self, base_url: str, api_key: str, options: ChatOptions) -> None:
        self._options = options
        self._openai = _openai(base_url, api_key, options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._openai.close()

    async def answer(self, task: PromptTask | ReplyTask) -> Completion:
        """Return a text for a task. Raise ChatFailed."""
        from openai import OpenAIError, omit

        options = self._options
        try:
            completion = await self._openai.chat.completions.create(
                model=options.model,
                messages=chat_messages(task, system=options.system),
                temperature=omit if options.temperature is None else options.temperature,
                max_tokens=omit if options.max_tokens is None else options.max_tokens,
            )
        except OpenAIError as error:
            raise ChatFailed(model=options.model, why=str(error)) from error
        text = completion.choices[0].message.content if completion.choices else None
        if not text or not text.strip():
            raise ChatFailed(model=options.model, why="the text is empty")
        return Completion(text.strip(), completion.usage.total_tokens if completion.usage else 0)


def _openai(base_url: str, api_key: str, options: ChatOptions) -> AsyncOpenAI:
    try:
        from openai import AsyncOpenAI
    except ModuleNotFoundError as error:
        raise PackageMissing(package="openai", extra="llm") from error
    return AsyncOpenAI(base_url=base_url, api_key=api_key, max_retries=options.retries, timeout=options.timeout)


def chat_messages(task: PromptTask | ReplyTask, *, system: str | None = None) -> list[ChatCompletionMessageParam]:
    """Return the thread of a task as the messages of a chat, in which the model writes the next one.

    A model that writes as the prompter sees the prompter's messages as its own.
    """
    system = INSTRUCTIONS[task.type] if system is None else system
    messages: list[ChatCompletionMessageParam] = [{"role": "system", "content": system}] if system else []
    if isinstance(task, PromptTask):
        return [*messages, {"role": "user", "content": _BEGIN}]
    as_assistant = task.type == "assistant_reply"
    return messages + [
        _own(post) if post.is_assistant is as_assistant else {"role": "user", "content": post.text}
        for post in task.conversation.messages
    ]


def _own(post: ConversationMessage) -> ChatCompletionMessageParam:
    role: Literal["assistant"] = "assistant"
    return {"role": role, "content": post.text}
