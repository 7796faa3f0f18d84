"""The request as handlers see it: who calls, and what there is to work with."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import cast

from litestar import Request
from litestar.datastructures import State

from oa_graph.graph.door import Door
from oa_graph.graph.session import Graph
from oa_graph.model import Client, Limits, Rates, User
from oa_graph.settings import Neo4jSettings, Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """What a process works with."""

    graph: Graph
    limits: Limits
    rng: Random
    settings: Settings
    server: Neo4jSettings
    rates: Rates | None
    """How often tasks may be asked for; None: as often as anybody likes."""
    door: Door
    """For statements of analysts."""


class Call(Request[User | None, Client, State]):
    """A request. `caller` and `viewer` are there once the guards of `oa_graph.api.keys` have let it through."""

    @property
    def desk(self) -> Desk:
        return cast("Desk", self.scope["litestar_app"].state["desk"])

    @property
    def graph(self) -> Graph:
        return self.desk.graph

    @property
    def limits(self) -> Limits:
        return self.desk.limits

    @property
    def rng(self) -> Random:
        return self.desk.rng

    @property
    def caller(self) -> Client:
        """The API client."""
        return cast("Client", self.scope["auth"])

    @property
    def viewer(self) -> User | None:
        """The acting user."""
        return cast("User | None", self.scope["user"])

    @property
    def viewer_id(self) -> str | None:
        return self.viewer.id if self.viewer else None
