"""How bots behave: each habit is a row of figures, and `Bot` alone knows what they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What one sort of bot tends to do: chances are per task, in [0, 1], times are seconds at pace 1."""

    name: str
    think: tuple[float, float] = (0.1, 0.5)
    """The shortest and the longest thought before the ack, and again before the answer."""
    skips: float = 0.02
    """Gives a task back instead of answering it."""
    overstays: float = 0.0
    """Answers only after the lease has run out."""
    spams: float = 0.0
    """Writes something worthless."""
    blunders: float = 0.0
    """Sends an answer that has to be refused before the real one."""
    careless: float = 0.03
    """Judges a text without having read it."""
    twice: bool = False
    """Sends each ack, answer and skip twice at once, and expects the same success for both."""
    vanishes_before_ack: float = 0.0
    vanishes_after_ack: float = 0.0
    returns: float = 0.5
    """Answers, after having vanished, the task it left; otherwise the task is left for ever."""
    browses: float = 0.03
    """Reads a message, its conversation, its replies or its tree after a task, or remarks on it."""


DILIGENT = Habit(name="diligent", browses=0.08)
SLOW = Habit(name="slow", think=(0.8, 2.5), overstays=0.08)
SKIPPING = Habit(name="skipping", skips=0.5)
SPAMMING = Habit(name="spamming", think=(0.02, 0.2), spams=0.7, blunders=0.3, careless=0.2)
DOUBLE_CLICKING = Habit(name="double-clicking", twice=True, skips=0.08)
CRASHING = Habit(name="crashing", vanishes_before_ack=0.12, vanishes_after_ack=0.12)

Mix = Mapping[Habit, float]
"""The share of each habit; shares need not add up to 1."""

MIX: Mix = MappingProxyType(
    {DILIGENT: 0.52, SLOW: 0.1, SKIPPING: 0.1, SPAMMING: 0.08, DOUBLE_CLICKING: 0.1, CRASHING: 0.1}
)
"""Most people mean well."""


def share_out(mix: Mix, users: int) -> list[Habit]:
    """A habit for each of that many users, as near to the shares as whole bots allow, commonest habit first.

    Largest remainders decide; of equal remainders, the habit that the mix names first.
    """
    total = sum(mix.values())
    exact = {habit: users * share / total for habit, share in mix.items()}
    counts = {habit: int(wanted) for habit, wanted in exact.items()}
    by_remainder = sorted(exact, key=lambda habit: counts[habit] - exact[habit])
    for habit in by_remainder[: users - sum(counts.values())]:
        counts[habit] += 1
    return [habit for habit in sorted(counts, key=lambda habit: -counts[habit]) for _ in range(counts[habit])]
