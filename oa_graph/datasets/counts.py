"""Counts of imports and exports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from oa_graph.plural import counted

CLIENT = "import"
"""The API client that imported posts and their authors belong to."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """Counts of an import or an export."""

    trees: int = 0
    posts: int = 0
    skipped: int = 0
    """Trees: that were here before, when importing; that the options leave out, when exporting."""
    kept_as_is: Mapping[str, int] = field(default_factory=dict[str, int])
    """Fields that the graph keeps, and gives back, without knowing what they mean; and how often they were met."""
    grown: int = 0
    """Trees that were here before and got branches that they lacked, when importing."""
    rejected: Mapping[str, int] = field(default_factory=dict[str, int])
    """Lines that were not taken, by the kind of reason: see `oa_graph.datasets.rejects`."""
    notes: Mapping[str, int] = field(default_factory=dict[str, int])
    """What was taken and people have to know of, when importing: sentences that begin with their number."""
    format: str = field(default="", compare=False)
    """Of the file, as it was recognised or chosen, when importing."""


@dataclass(frozen=True, slots=True)
class ExcludedTrees:
    """Trees that an export leaves out, by the first of these that they do not pass."""

    by_lang: int = 0
    by_date: int = 0
    by_state: Mapping[str, int] = field(default_factory=dict[str, int])
    by_posts: int = 0
    """No post of the tree passes the filters of posts."""
    by_split: int = 0
    """Beyond the shares of the splits, which need not come to 1."""

    @property
    def states(self) -> str:
        """The excluded states with their counts, most frequent first; empty if no tree is excluded by its state."""
        order = sorted(self.by_state.items(), key=lambda entry: (-entry[1], entry[0]))
        return ", ".join(f"{trees:,} {state}" for state, trees in order)

    def reasons(self) -> list[str]:
        """Return a phrase for each reason for which trees are left out."""
        states = f"by state: {self.states}" if self.states else ""
        counts = {
            "in other languages": self.by_lang,
            "begun at other dates": self.by_date,
            states: sum(self.by_state.values()),
            "whose posts do not pass the filters": self.by_posts,
            "beyond the shares of the splits": self.by_split,
        }
        return [f"{counted(trees, 'tree')} {reason}" for reason, trees in counts.items() if trees]
