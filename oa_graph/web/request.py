"""The request of the pages."""

from __future__ import annotations

from typing import cast

from litestar import Request
from litestar.datastructures import State

from oa_graph.collection import Collection
from oa_graph.domain.sessions import SessionRole, SignedIn
from oa_graph.domain.users import ApiClient, User, UserIdentity
from oa_graph.graph.adhoc import AdhocQueries
from oa_graph.settings import Settings
from oa_graph.web import texts

LANGUAGE_COOKIE = "oa-graph-language"
"""The language of the pages."""
WORK_LANGUAGES_COOKIE = "oa-graph-work-languages"
"""The languages of tasks, in order of preference, with dots between."""


CLOSED_GUIDELINES_COOKIE = "oa-graph-closed-guidelines"
"""The ids of guidelines that their reader has closed, with dots between; written by `app.js`."""


class PageRequest(Request[SignedIn | None, ApiClient, State]):
    """A request for a page. The guards of `oa_graph.web.guards` set its `user`."""

    @property
    def collection(self) -> Collection:
        """The collection that this process serves."""
        return cast("Collection", self.app.state["collection"])

    @property
    def adhoc(self) -> AdhocQueries:
        """Runs the statements of analysts."""
        return cast("AdhocQueries", self.app.state["adhoc"])

    @property
    def neo4j_browser(self) -> str | None:
        """The address of the Neo4j Browser; None unless the service runs the managed database."""
        return cast("str | None", self.app.state["browser"])

    @property
    def settings(self) -> Settings:
        """The settings of this process."""
        return cast("Settings", self.app.state["settings"])

    @property
    def signed_in(self) -> SignedIn | None:
        """The session and its user; None before the guards, or without a session."""
        return cast("SignedIn | None", cast("dict[str, object]", self.scope).get("user"))

    @property
    def me(self) -> User:
        """The user, on pages that require a session."""
        assert self.signed_in is not None, "the guard of the page lets nobody else in"
        return self.signed_in.user

    @property
    def identity(self) -> UserIdentity:
        """The user, as a frontend names one."""
        return UserIdentity(self.me.method, self.me.name, self.me.display_name)

    @property
    def is_analyst(self) -> bool:
        """Whether this session may do what analysts do."""
        return self.signed_in is not None and self.signed_in.session.role is not SessionRole.WORKER

    @property
    def is_operator(self) -> bool:
        """Whether this session may do what operators do."""
        return self.signed_in is not None and self.signed_in.session.role is SessionRole.OPERATOR

    @property
    def language(self) -> str:
        """The language of the pages: the chosen one, else the best match for the browser."""
        chosen = self.cookies.get(LANGUAGE_COOKIE, "")
        return chosen if chosen in texts.LANGUAGES else texts.negotiated(self.headers.get("accept-language", ""))

    @property
    def work_languages(self) -> list[str]:
        """The languages of tasks, in order of preference."""
        chosen = self.cookies.get(WORK_LANGUAGES_COOKIE, "")
        return list(texts.work_languages(chosen, self.headers.get("accept-language", "")))

    @property
    def closed_guidelines(self) -> list[str]:
        """The ids of guidelines that the user has closed."""
        return self.cookies.get(CLOSED_GUIDELINES_COOKIE, "").split(".")

    def gettext(self, message: str, **values: object) -> str:
        """Translate a message into the language of the pages, and format `values` into it."""
        translated = texts.translations(self.language).gettext(message)
        return translated % values if values else translated

    async def field(self, name: str) -> str:
        """Return the last value of a form field, with plain line ends; empty without one."""
        values = await self.fields(name)
        return values[-1] if values else ""

    async def fields(self, name: str) -> list[str]:
        """Return all values of a form field."""
        form = await self.form()
        return [str(value).replace("\r\n", "\n").replace("\0", "\ufffd") for value in form.getall(name, [])]
