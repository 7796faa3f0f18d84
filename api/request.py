"""The request as handlers see it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from litestar import Request
from litestar.datastructures import State

from oa_graph.collection import Collection
from oa_graph.domain.users import ApiClient, User
from oa_graph.graph.adhoc import AdhocQueries
from oa_graph.settings import Neo4jSettings, Settings


class ApiRequest(Request[User | None, ApiClient, State]):
    """A request. `auth`, the API client, and `user`, the acting user, are set by the guards of `oa_graph.api.keys`."""

    @property
    def collection(self) -> Collection:
        """The collection that this process serves."""
        return cast("Collection", self.app.state["collection"])

    @property
    def settings(self) -> Settings:
        """The settings of this process."""
        return cast("Settings", self.app.state["settings"])

    @property
    def neo4j_settings(self) -> Neo4jSettings:
        """The settings of the database server."""
        return cast("Neo4jSettings", self.app.state["neo4j_settings"])

    @property
    def password_file(self) -> Path | None:
        """The password file of the managed server; None for another server."""
        return cast("Path | None", self.app.state["password_file"])

    @property
    def adhoc(self) -> AdhocQueries:
        """Where analysts' statements run."""
        return cast("AdhocQueries", self.app.state["adhoc"])

    @property
    def user_id(self) -> str | None:
        """The id of the acting user."""
        return self.user.id if self.user else None
