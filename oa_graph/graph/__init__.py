"""The only code that knows Neo4j. Its modules for the topics are attributes: `graph.tasks`, `graph.posts`."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oa_graph.graph import (
        clients,
        datasets,
        guidelines,
        leaderboards,
        moderation,
        posts,
        reliability,
        sessions,
        stats,
        tasks,
        trees,
        users,
    )

__all__ = [
    "clients",
    "datasets",
    "guidelines",
    "leaderboards",
    "moderation",
    "posts",
    "reliability",
    "sessions",
    "stats",
    "tasks",
    "trees",
    "users",
]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> ModuleType:
        """Import a topic when it is first used: a program can choose before how the driver is imported."""
        if name in __all__:
            return import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__} has no attribute {name}")


_TAKEN_ALONG = ("numpy", "pandas", "pyarrow")


def import_driver() -> None:
    """Import the driver without the packages whose values it could send: half a second and 80 MiB of each process.

    For programs of our own, which send none. A notebook that imports the driver by itself has it whole.
    """
    if "neo4j" in sys.modules:
        return
    absent = [name for name in _TAKEN_ALONG if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # pyright: ignore[reportArgumentType] - importing it fails then
    try:
        import neo4j  # noqa: F401  # pyright: ignore[reportUnusedImport]
    finally:
        for name in absent:
            del sys.modules[name]
