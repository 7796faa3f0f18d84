"""What people see of a crowd: its progress, live or line by line, and a tree in the terminal."""

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

from .forest import READY, replies, root
from .simulate import Progress
from .wire import Message, Tree, TreePost

LINE_EVERY = 5.0
"""Seconds between two lines where no live picture is possible."""
WAY = (
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
"""Tree states in the order in which trees pass them."""


class Screen:
    """Shows progress on a console: a live picture on a terminal, elsewhere a line now and then.

    A context manager. `states` gives the number of trees by state, `wanted` how many are to be ready; both
    are left out where there is nothing to say.
    """

    def __init__(
        self, console: Console, *, states: Callable[[], Mapping[str, int]] = dict[str, int], wanted: int = 0
    ) -> None:
        self._console = console
        self._states = states
        self._wanted = wanted
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
        """Take the newest figures."""
        if self._live is not None:
            self._live.update(picture(progress, self._states(), self._wanted))
        elif monotonic() >= self._line_due:
            self._line_due = monotonic() + LINE_EVERY
            self._console.print(line(progress, self._states()), soft_wrap=True, highlight=False, markup=False)


def line(progress: Progress, states: Mapping[str, int]) -> str:
    """The progress in one line."""
    parts = [f"{progress.seconds:.0f} s", f"{progress.tasks} tasks", f"{progress.speed:.1f} a second"]
    parts += [f"{state} {states[state]}" for state in WAY if states.get(state)]
    parts += [f"{progress.unexpected} unexpected"] if progress.unexpected else []
    return " · ".join(parts)


def picture(progress: Progress, states: Mapping[str, int], wanted: int) -> RenderableType:
    """The progress as a panel."""
    title = f"{progress.seconds:.0f} s · {progress.tasks} tasks · {progress.speed:.1f} a second"
    if progress.unexpected:
        title += f" · {progress.unexpected} unexpected"
    halves = Table.grid(padding=(0, 4))
    halves.add_row(_bars("trees by state", states, WAY), _bars("answered tasks", progress.finished, ()))
    parts: list[RenderableType] = [halves, Text()]
    if wanted:
        ready = states.get(READY, 0)
        parts[:0] = [
            Text(f"{ready} of {wanted} trees are ready"),
            ProgressBar(total=wanted, completed=ready),
            Text(),
        ]
    parts += [_contribution(latest.author, latest.kind, latest.text) for latest in progress.latest]
    return Panel(Group(*parts), title=title, title_align="left")


def _bars(title: str, counts: Mapping[str, int], order: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, show_header=False, pad_edge=False)
    most = max(counts.values(), default=1)
    for name in [*(known for known in order if known in counts), *sorted(counts.keys() - set(order))]:
        bar = "█" * round(16 * counts[name] / most)
        table.add_row(name, Text(str(counts[name]), justify="right"), Text(bar, style="cyan"))
    return table


def _contribution(author: str, kind: str, text: str) -> Text:
    return Text.assemble(
        (f"{author} ", "bold"), (f"{kind}: ", "dim"), shorten(text, 90), no_wrap=True, overflow="ellipsis"
    )


def branches(tree: Tree) -> RenderableType:
    """The accepted posts of a tree, the best of each set of replies first."""
    top = root(tree)
    if top is None:
        return Text("an empty tree")
    drawn = Branch(_post(top))
    # A loop, for trees may be deeper than Python's stack.
    open_ends = [(top, drawn)]
    while open_ends:
        post, branch = open_ends.pop()
        open_ends += [(reply, branch.add(_post(reply))) for reply in replies(tree, post)]
    return drawn


def thread(posts: Sequence[Message]) -> RenderableType:
    """A conversation in full."""
    return Group(*(Panel(Text(post.text), title=_role(post), title_align="left") for post in posts))


def _post(post: TreePost) -> Text:
    rank = "" if post.rank is None else f" #{post.rank + 1}"
    return Text.assemble(
        (f"{_role(post)}{rank} ", "bold magenta" if post.is_assistant else "bold cyan"),
        shorten(post.text, 100),
    )


def _role(post: Message) -> str:
    return "assistant" if post.is_assistant else "prompter"


def shorten(text: str, most: int) -> str:
    """The text in one line of at most that many characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"
