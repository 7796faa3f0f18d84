"""The public Python API: what `oa_graph.__all__` names, the topics of a collection, and the client."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from types import FunctionType
from typing import Any

import oa_graph
import oa_graph.client
from oa_graph.analysis import AnalysisConnection

from .markdown import blocks, fence

OPENERS = ("Collection", "Settings", "connect")
"""The names that open a graph; the others are values that go in and out."""


def page() -> str:
    """How a graph is opened, then the topics of a collection, then values."""
    return blocks(
        "## Open a collection",
        _documented("oa_graph.Collection", members=True),
        fence("{eval-rst}", f".. py:class:: oa_graph.Settings(**fields)\n\n   {inspect.getdoc(oa_graph.Settings)}"),
        *_topics(),
        "## Analyse in a notebook",
        _documented("oa_graph.connect", members=False),
        _documented(f"{AnalysisConnection.__module__}.{AnalysisConnection.__name__}", members=True),
        "## Values",
        *(_documented(f"oa_graph.{name}", members=True) for name in oa_graph.__all__ if name not in OPENERS),
        "## Client",
        "`AsyncClient` and `AsyncUser` have the same methods as `Client` and `User`, to be awaited.",
        *(_documented(f"oa_graph.client.{name}", members=True) for name in client_names()),
    )


def client_names() -> list[str]:
    """What `oa_graph.client` exports, the client and its user first, without their async twins."""
    first = ["Client", "User"]
    return first + [name for name in oa_graph.client.__all__ if name not in {*first, "AsyncClient", "AsyncUser"}]


def topics() -> dict[str, type]:
    """The class of each topic of a collection, by the name of the attribute."""
    anything: Any = object()  # a topic keeps what it is given, until a verb is called
    collection = oa_graph.Collection(anything, anything)
    return {name: type(topic) for name, topic in vars(collection).items() if type(topic) is not object}


def _topics() -> Iterator[str]:
    for name, topic in topics().items():
        yield f"## collection.{name}"
        yield _documented(f"{topic.__module__}.{topic.__name__}", members=True)


def _documented(name: str, *, members: bool) -> str:
    """What autodoc knows of a class or function."""
    module, _, short = name.rpartition(".")
    value = getattr(import_module(module), short)
    if isinstance(value, type):
        return fence("{eval-rst}", f".. autoclass:: {name}" + ("\n   :members:\n   :undoc-members:" if members else ""))
    directive = "autofunction" if isinstance(value, FunctionType) else "autodata"
    return fence("{eval-rst}", f".. {directive}:: {name}")
