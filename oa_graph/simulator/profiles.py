"""The behaviour of bots: a profile holds probabilities and times; `Bot` implements them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The behaviour of one sort of bot: probabilities for each task, and times in seconds at pace 1."""

    name: str
    think: tuple[float, float] = (0.1, 0.5)
    """The range of the thinking time before the ack, and again before the answer."""
    skips: float = 0.02
    """Skips a task instead of answering it."""
    overstays: float = 0.0
    """Answers only after the lease has expired."""
    spams: float = 0.0
    """Writes spam."""
    invalid_answers: float = 0.0
    """Sends an invalid answer before the valid one."""
    concludes: float = 0.15
    """Says of an answer as the assistant that it ends the conversation."""
    careless: float = 0.03
    """Judges a text without reading it."""
    twice: bool = False
    """Sends each ack, answer and skip twice at once, and expects the same outcome for both."""
    vanishes_before_ack: float = 0.0
    vanishes_after_ack: float = 0.0
    returns: float = 0.5
    """Answers the task after it vanished; otherwise abandons it."""
    browses: float = 0.03
    """Reads or labels a message, or reads its conversation, replies or tree after a task."""


DILIGENT = Profile(name="diligent", browses=0.08)
SLOW = Profile(name="slow", think=(0.8, 2.5), overstays=0.08)
SKIPPING = Profile(name="skipping", skips=0.5)
SPAMMING = Profile(name="spamming", think=(0.02, 0.2), spams=0.7, invalid_answers=0.3, careless=0.2)
DOUBLE_CLICKING = Profile(name="double-clicking", twice=True, skips=0.08)
CRASHING = Profile(name="crashing", vanishes_before_ack=0.12, vanishes_after_ack=0.12)

Mix = Mapping[Profile, float]
"""The share of each profile; shares need not add up to 1."""

MIX: Mix = MappingProxyType(
    {DILIGENT: 0.52, SLOW: 0.1, SKIPPING: 0.1, SPAMMING: 0.08, DOUBLE_CLICKING: 0.1, CRASHING: 0.1}
)
"""The default mix."""


def assign_profiles(mix: Mix, users: int) -> list[Profile]:
    """Return a profile for each user, as close to the shares as possible, the most common profile first.

    The largest remainders decide; for equal remainders the order of the mix.
    """
    total = sum(mix.values())
    exact = {profile: users * share / total for profile, share in mix.items()}
    counts = {profile: int(number) for profile, number in exact.items()}
    by_remainder = sorted(exact, key=lambda profile: counts[profile] - exact[profile])
    for profile in by_remainder[: users - sum(counts.values())]:
        counts[profile] += 1
    return [profile for profile in sorted(counts, key=lambda profile: -counts[profile]) for _ in range(counts[profile])]
