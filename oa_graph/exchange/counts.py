"""What went through, in and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

CLIENT = "import"
"""The API client that imported posts and their authors belong to."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Counts:
    """What went through."""

    trees: int = 0
    posts: int = 0
    skipped: int = 0
    """Trees: that were here before, when importing; that the options leave out, when exporting."""
    kept_as_is: Mapping[str, int] = field(default_factory=dict[str, int])
    """Fields that the graph keeps, and gives back, without knowing what they mean; and how often they were met."""
    grown: int = 0
    """Trees that were here before and got branches that they lacked, when importing."""
    rejected: Mapping[str, int] = field(default_factory=dict[str, int])
    """Lines that were not taken, by the kind of reason: see `oa_graph.exchange.refusals`."""
