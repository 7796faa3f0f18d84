"""The terminal output of a crowd: progress, live or as lines, and trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from rich.tree import Tree as Branch

from oa_graph.client import ConversationMessage, Message, Tree

from .simulate import Progress
from .tree_tracker import READY, replies, root

LINE_INTERVAL = 5.0
"""Seconds between two lines without a live display."""
STATE_ORDER = (
    "initial_prompt_review",
    "prompt_lottery_waiting",
    "growing",
    "ranking",
    "ready_for_scoring",
    READY,
    "aborted_low_grade",
    "halted_by_moderator",
    "scoring_failed",
    "backlog_ranking",
)
"""Tree states in their usual order."""


class Screen:
    """Shows progress: a live display on a terminal, otherwise a line every few seconds.

    A context manager. `states` returns the number of trees by state, `goal` is the wanted number of ready trees; both
    are optional.
    """

    def __init__(
        self, console: Console, *, states: Callable[[], Mapping[str, int]] = dict[str, int], goal: int = 0
    ) -> None:
        self._console = console
        self._states = states
        self._wanted = goal
        self._live = Live(console=console, refresh_per_second=4) if console.is_terminal else None
        self._line_due = 0.0

    def __enter__(self) -> Screen:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, progress: Progress) -> None:
        """Show the present progress."""
        if self._live is not None:
            self._live.update(picture(progress, self._states(), self._wanted))
        elif monotonic() >= self._line_due:
            self._line_due = monotonic() + LINE_INTERVAL
            self._console.print(line(progress, self._states()), soft_wrap=True, highlight=False, markup=False)


def line(progress: Progress, states: Mapping[str, int]) -> str:
    """Return the progress as one line."""
    parts = [f"{progress.seconds:.0f} s", f"{progress.tasks} tasks", f"{progress.speed:.1f} a second"]
    parts += [f"{state} {states[state]}" for state in STATE_ORDER if states.get(state)]
    parts += [f"{progress.unexpected} unexpected"] if progress.unexpected else []
    return " · ".join(parts)


def picture(progress: Progress, states: Mapping[str, int], goal: int) -> RenderableType:
    """Return the progress as a panel."""
    title = f"{progress.seconds:.0f} s · {progress.tasks} tasks · {progress.speed:.1f} a second"
    if progress.unexpected:
        title += f" · {progress.unexpected} unexpected"
    halves = Table.grid(padding=(0, 4))
    halves.add_row(_bars("trees by state", states, STATE_ORDER), _bars("answered tasks", progress.finished, ()))
    parts: list[RenderableType] = [halves, Text()]
    if goal:
        ready = states.get(READY, 0)
        parts[:0] = [
            Text(f"{ready} of {goal} trees are ready"),
            ProgressBar(total=goal, completed=ready),
            Text(),
        ]
    parts += [_contribution(latest.author, latest.kind, latest.text) for latest in progress.latest]
    return Panel(Group(*parts), title=title, title_align="left")


def _bars(title: str, counts: Mapping[str, int], order: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, show_header=False, pad_edge=False)
    largest = max(counts.values(), default=1)
    for name in [*(name for name in order if name in counts), *sorted(counts.keys() - set(order))]:
        bar = "█" * round(16 * counts[name] / largest)
        table.add_row(name, Text(str(counts[name]), justify="right"), Text(bar, style="cyan"))
    return table


def _contribution(author: str, kind: str, text: str) -> Text:
    return Text.assemble(
        (f"{author} ", "bold"), (f"{kind}: ", "dim"), shorten(text, 90), no_wrap=True, overflow="ellipsis"
    )


def branches(tree: Tree) -> RenderableType:
    """Return the accepted posts of a tree, with the best replies first."""
    root_post = root(tree)
    if root_post is None:
        return Text("an empty tree")
    result = Branch(_post(root_post))
    # A loop, since trees may be deeper than Python's stack.
    pending = [(root_post, result)]
    while pending:
        post, branch = pending.pop()
        pending += [(reply, branch.add(_post(reply))) for reply in replies(tree, post)]
    return result


def thread(posts: Sequence[ConversationMessage]) -> RenderableType:
    """Return a whole conversation."""
    return Group(*(Panel(Text(post.text), title=_role(post), title_align="left") for post in posts))


def _post(post: Message) -> Text:
    rank = "" if post.rank is None else f" #{post.rank + 1}"
    return Text.assemble(
        (f"{_role(post)}{rank} ", "bold magenta" if post.is_assistant else "bold cyan"),
        shorten(post.text, 100),
    )


def _role(post: ConversationMessage) -> str:
    return "assistant" if post.is_assistant else "prompter"


def shorten(text: str, length: int) -> str:
    """Return the text as one line of at most `length` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else f"{flat[: length - 1]}…"
