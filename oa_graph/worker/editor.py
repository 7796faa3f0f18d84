"""Lines that a person types: each change is handed on at once, and keys stand for what can be done beside typing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.validation import ValidationError, Validator

from .screen import visual


class Skipped(Exception):
    """The person wants to skip the task."""


@dataclass(slots=True)
class Question:
    """What a person is asked, and what the keys do."""

    prompt: str
    problem: Callable[[str], str | None]
    """Says what is wrong with an input; None: nothing."""
    is_long: bool = False
    """Several lines: Enter begins another one, and Alt-Enter or Ctrl-S sends."""
    mark: str | None = None
    """What Ctrl-T says about the answer; None: there is no such thing."""
    is_marked: bool = False


class _Check(Validator):
    """Refuses inputs that have a problem, with its words."""

    def __init__(self, question: Question) -> None:
        self._question = question

    def validate(self, document: Document) -> None:
        problem = self._question.problem(document.text)
        if problem is not None:
            raise ValidationError(cursor_position=len(document.text), message=problem)


class Editor:
    """Asks questions about one task."""

    def __init__(
        self, *, status: Callable[[], str], show_guideline: Callable[[], Awaitable[Callable[[], None]]], reorders: bool
    ) -> None:
        self._status = status
        self._show_guideline = show_guideline
        self._reorders = reorders

    async def ask(self, question: Question, text: str, on_change: Callable[[str, bool], None]) -> str:
        """Return the input. Raise Skipped, KeyboardInterrupt, EOFError.

        `on_change` gets each change of the text and of the mark before the person can make another one.
        """
        session: PromptSession[str] = PromptSession(
            multiline=question.is_long,
            key_bindings=self._keys(question, on_change),
            bottom_toolbar=lambda: self._toolbar(question, session.default_buffer),
            validator=_Check(question),
            validate_while_typing=False,
            refresh_interval=1.0,
        )

        def changed(buffer: Buffer) -> None:
            on_change(buffer.text, question.is_marked)

        session.default_buffer.on_text_changed += changed
        return await session.prompt_async(question.prompt, default=text)

    def _keys(self, question: Question, on_change: Callable[[str, bool], None]) -> KeyBindings:
        keys = KeyBindings()

        async def guideline(event: KeyPressEvent) -> None:
            await run_in_terminal(await self._show_guideline())

        def skip(event: KeyPressEvent) -> None:
            event.app.exit(exception=Skipped())

        def send(event: KeyPressEvent) -> None:
            event.current_buffer.validate_and_handle()

        def mark(event: KeyPressEvent) -> None:
            question.is_marked = not question.is_marked
            on_change(event.current_buffer.text, question.is_marked)

        keys.add("c-g", eager=True)(guideline)
        keys.add("c-x", eager=True)(skip)
        keys.add("c-s", eager=True)(send)
        if question.mark:
            keys.add("c-t", eager=True)(mark)
        return keys

    def _toolbar(self, question: Question, buffer: Buffer) -> str:
        keys = ["Alt-Enter sends" if question.is_long else "Enter sends"]
        if question.mark:
            keys.append(f"Ctrl-T {question.mark}: {'yes' if question.is_marked else 'no'}")
        keys += ["Ctrl-G guideline", "Ctrl-X skip", "Ctrl-C quit"]
        lines = [" · ".join(keys), self._status()]
        line = buffer.document.current_line
        if self._reorders and (shown := visual(line)) != line:
            lines.insert(0, f"as it is read: {shown}")
        return "\n".join(filter(None, lines))
