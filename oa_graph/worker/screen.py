"""Tasks as text on a terminal, in any script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from bidi import get_base_level, get_display
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from oa_graph.analysis.drawing import legible
from oa_graph.client import (
    ConversationMessage,
    LabelDescription,
    LabelTask,
    PromptRankingTask,
    RankingTask,
    Task,
    TaskKind,
    thread,
)

_ONE = re.compile(r"\b1:")

TITLES: Mapping[TaskKind, str] = {
    "initial_prompt": "Write the first message of a conversation",
    "prompter_reply": "Write the next message of the prompter",
    "assistant_reply": "Write the answer of the assistant",
    "rank_initial_prompts": "Put these first messages into an order",
    "rank_prompter_replies": "Put these replies of a prompter into an order",
    "rank_assistant_replies": "Put these answers of an assistant into an order",
    "label_initial_prompt": "Review this first message",
    "label_prompter_reply": "Review the last message, of the prompter",
    "label_assistant_reply": "Review the last message, of the assistant",
    "decide_end": "Is this conversation at its end?",
}


class Written:
    """A text that somebody wrote, wrapped, with each line in the order in which it is read.

    Most terminals show characters in the order in which they arrive; `reorders`: the text is put into visual order for
    them. A paragraph in a right-to-left script stands at the right.
    """

    def __init__(self, text: str, *, reorders: bool) -> None:
        self._text = legible(text)
        self._reorders = reorders

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for paragraph in self._text.split("\n"):
            yield from self._lines(paragraph, console, options.max_width)

    def _lines(self, paragraph: str, console: Console, width: int) -> Iterator[Text]:
        is_rightward = bool(paragraph.strip()) and get_base_level(paragraph) == 1
        for line in Text(paragraph).wrap(console, width):
            yield Text(
                visual(line.plain.rstrip(), is_rightward=is_rightward) if self._reorders else line.plain.rstrip(),
                justify="right" if is_rightward else "left",
                no_wrap=True,
            )


def visual(line: str, *, is_rightward: bool | None = None) -> str:
    """Return a line in visual order. `is_rightward` None: by its first letter."""
    if line.isascii():
        return line
    direction = None if is_rightward is None else "R" if is_rightward else "L"
    return str(get_display(line, base_dir=direction))


class TaskScreen:
    """Prints tasks. `reorders`: the terminal does not know right-to-left scripts."""

    def __init__(self, console: Console, *, reorders: bool) -> None:
        self._console = console
        self.reorders = reorders

    def note(self, text: str, style: str = "") -> None:
        """Print a line of the program."""
        self._console.print(Text(text, style=style))

    def task(self, task: Task) -> None:
        """Print what a task shows."""
        self._console.print()
        self._console.rule(Text(TITLES[task.type], style="bold"), align="left")
        if task.guideline:
            self._console.print(Padding(Written(task.guideline.short, reorders=self.reorders), (0, 2)), style="italic")
        for message in thread(task):
            self._message(message, "assistant" if message.is_assistant else "prompter")
        for number, candidate in enumerate(candidates(task), 1):
            self._message(candidate, str(number), style="cyan")

    def guideline(self, text: str) -> None:
        """Print the whole guideline of a task."""
        self._console.print(Panel(Markdown(legible(text)), title="guideline", title_align="left"))

    def label(self, label: LabelDescription, *, is_mandatory: bool, answer: float | None) -> None:
        """Print the question for a label."""
        question = Text.assemble((label.display_text, "bold"), "" if is_mandatory else (" (optional)", "dim"))
        if label.help_text:
            # The texts are about the value that is sent, from 0 to 1; a person types 0 to 4.
            help_text = _ONE.sub("4:", label.help_text) if label.widget == "likert" else label.help_text
            question.append(f"\n{help_text}", style="dim")
        if answer is not None:
            question.append(f"\nso far: {label_input(answer, label)}", style="dim")
        self._console.print(question)

    def _message(self, message: ConversationMessage, title: str, *, style: str = "") -> None:
        body = Written(message.text, reorders=self.reorders)
        # Not wider than is comfortable to read.
        width = min(self._console.width, 100)
        self._console.print(Panel(body, title=title, title_align="left", border_style=style or "dim", width=width))


def label_input(value: float, label: LabelDescription) -> str:
    """Return what a person types for a value of a label."""
    return str(round(4 * value)) if label.widget == "likert" else "y" if value else "n"


def label_value(text: str, label: LabelDescription) -> float:
    """Return the value of a label from what a person has typed."""
    answer = text.strip().lower()
    return int(answer) / 4 if label.widget == "likert" else float(answer == "y")


def candidates(task: Task) -> Sequence[ConversationMessage]:
    """Return what a task asks to put into an order."""
    match task:
        case RankingTask():
            return task.reply_messages
        case PromptRankingTask():
            return task.prompt_messages
        case _:
            return ()


def described(task: LabelTask) -> list[LabelDescription]:
    """Return how to ask for each label of a task."""
    if task.labels is not None:
        return task.labels
    return [
        LabelDescription(name=name, widget="likert", display_text=name, help_text=None) for name in task.valid_labels
    ]
