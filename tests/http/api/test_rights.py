"""Who may call what: every operation of the document with every kind of caller.

The table below is the protocol's. Its letters: `-` anyone, `K` any API key, `T` only a trusted key, `A` only an
analyst's, `R` only a root token; `+U`: the acting user is looked up, so one who is not known is refused.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest

from oa_graph.api.app import create_app
from oa_graph.api.document import document
from oa_graph.settings import Settings
from tests.builders import CLIENT, plant
from tests.http.api.conftest import ANALYST, BOT, BOT_ID, OFF, ROOT, WEB, Service, snapshot
from tests.http.api.frontend import user
from tests.http.api.report import tell
from tests.unit.api.contract import Json, operations

pytestmark = pytest.mark.anyio

TABLE: Mapping[str, str] = {
    "POST /api/v1/tasks/": "K",
    "POST /api/v1/tasks/availability": "K",
    "POST /api/v1/tasks/{task_id}/ack": "K+U",
    "POST /api/v1/tasks/{task_id}/renew": "K+U",
    "POST /api/v1/tasks/{task_id}/nack": "K+U",
    "POST /api/v1/tasks/interaction": "K",
    "POST /api/v1/tasks/close": "K",
    "POST /api/v1/text_labels/": "K",
    "GET /api/v1/text_labels/valid_labels": "K",
    "GET /api/v1/text_labels/report_labels": "-",
    "GET /api/v1/messages/": "K+U",
    "GET /api/v1/messages/cursor": "K+U",
    "GET /api/v1/messages/{message_id}": "K+U",
    "GET /api/v1/messages/{message_id}/conversation": "K+U",
    "GET /api/v1/messages/{message_id}/tree": "K+U",
    "GET /api/v1/messages/{message_id}/tree/state": "K+U",
    "PUT /api/v1/messages/{message_id}/tree/state": "T+U",
    "GET /api/v1/messages/{message_id}/children": "K+U",
    "GET /api/v1/messages/{message_id}/descendants": "K+U",
    "GET /api/v1/messages/{message_id}/longest_conversation_in_tree": "K+U",
    "GET /api/v1/messages/{message_id}/max_children_in_tree": "K+U",
    "POST /api/v1/messages/{message_id}/emoji": "K",
    "DELETE /api/v1/messages/{message_id}": "T+U",
    "PUT /api/v1/messages/{message_id}/undelete": "T+U",  # the original forgot to ask for trust
    "POST /api/v1/messages/{message_id}/edit": "T",
    "PUT /api/v1/messages/{message_id}/end": "T+U",
    "DELETE /api/v1/messages/{message_id}/end": "T+U",
    "GET /api/v1/messages/{message_id}/history": "T+U",
    "GET /api/v1/messages/{message_id}/reviews": "T+U",
    "GET /api/v1/trees/": "K",
    "GET /api/v1/frontend_messages/{message_id}": "K",
    "GET /api/v1/frontend_messages/{message_id}/conversation": "K",
    "GET /api/v1/frontend_messages/{message_id}/tree": "K",
    "GET /api/v1/frontend_messages/{message_id}/children": "K",
    "GET /api/v1/frontend_messages/{message_id}/descendants": "K",
    "GET /api/v1/frontend_messages/{message_id}/longest_conversation_in_tree": "K",
    "GET /api/v1/frontend_messages/{message_id}/max_children_in_tree": "K",
    "GET /api/v1/users/by_username": "K",
    "GET /api/v1/users/by_display_name": "K",
    "GET /api/v1/users/cursor": "K",
    "GET /api/v1/users/{user_id}": "K",
    "PUT /api/v1/users/{user_id}": "T",
    "DELETE /api/v1/users/{user_id}": "T",
    "GET /api/v1/users/{user_id}/messages": "K+U",
    "GET /api/v1/users/{user_id}/messages/cursor": "K+U",
    "DELETE /api/v1/users/{user_id}/messages": "T+U",
    "GET /api/v1/users/{user_id}/stats": "K",
    "GET /api/v1/users/{user_id}/stats/{time_frame}": "K",
    "GET /api/v1/users/{user_id}/stats/{time_frame}/window": "K",
    "POST /api/v1/frontend_users/": "K",
    "GET /api/v1/frontend_users/": "K",
    "GET /api/v1/frontend_users/{auth_method}/{username}": "K",
    "GET /api/v1/frontend_users/{auth_method}/{username}/tasks": "K",
    "GET /api/v1/frontend_users/{auth_method}/{username}/messages": "K",
    "GET /api/v1/frontend_users/{auth_method}/{username}/messages/cursor": "K+U",
    "DELETE /api/v1/frontend_users/{auth_method}/{username}/messages": "T",
    "GET /api/v1/frontend_users/{auth_method}/{username}/messages/status": "K",
    "PUT /api/v1/frontend_users/{auth_method}/{username}/messages/{message_id}": "K",
    "DELETE /api/v1/frontend_users/{auth_method}/{username}/messages/{message_id}": "K",
    "GET /api/v1/stats/": "T",
    "GET /api/v1/stats/tree_manager": "T",
    "GET /api/v1/stats/tree_manager/state_counts": "T",
    "GET /api/v1/stats/tree_manager/message_counts": "T",
    "GET /api/v1/stats/agreement": "T",
    "GET /api/v1/stats/progress": "T",
    "GET /api/v1/datasets/export": "T",
    "GET /api/v1/stats/cached": "K",
    "GET /api/v1/stats/cached/{name}": "K",
    "POST /api/v1/stats/cached/update": "T",
    "GET /api/v1/leaderboards/{time_frame}": "K+U",
    "POST /api/v1/leaderboards/update": "T",
    "POST /api/v1/leaderboards/update/{time_frame}": "T",
    "GET /api/v1/trollboards/{time_frame}": "T",
    "GET /api/v1/guidelines/": "K",
    "GET /api/v1/guidelines/{guideline_id}": "K",
    "PUT /api/v1/admin/guidelines/{kind}/{lang}": "R",
    "POST /api/v1/admin/invites": "R",
    "GET /api/v1/admin/invites": "R",
    "DELETE /api/v1/admin/invites/{invite_id}": "R",
    "GET /api/v1/admin/users/{user_id}/sessions": "R",
    "DELETE /api/v1/admin/sessions/{session_id}": "R",
    "POST /api/v1/admin/api_client": "R",
    "PATCH /api/v1/admin/api_client/{client_id}": "R",
    "GET /api/v1/admin/api_client": "R",
    "POST /api/v1/admin/api_client/{client_id}/rotate": "R",
    "GET /api/v1/admin/backend_settings/public": "K",
    "GET /api/v1/admin/backend_settings/full": "T",
    "POST /api/v1/admin/purge_user/{user_id}": "T",
    "POST /api/v1/admin/purge_user/{user_id}/messages": "T",
    "GET /api/v1/admin/flagged_messages": "T",
    "GET /api/v1/admin/flagged_messages/cursor": "T",
    "GET /api/v1/admin/flagged_messages/complaints": "T",
    "POST /api/v1/admin/flagged_messages/{message_id}/processed": "T",
    "GET /api/v1/admin/contested_messages": "T",
    "POST /api/v1/admin/contested_messages/{message_id}/settled": "T",
    "POST /api/v1/admin/merge_users": "T",
    "POST /api/v1/cypher": "A",
    "GET /api/v1/queries/": "A",
    "POST /api/v1/queries/{name}": "A",
    "GET /health/live": "-",
    "GET /health/ready": "-",
}

OPERATIONS: dict[str, Json] = dict(operations(document(create_app(Settings.model_validate({})))).values())

each_operation = pytest.mark.parametrize("name", OPERATIONS)

KEY, ROOT_ONLY = 2, 3
"""The codes of what is refused for want of a key, and for want of a root token."""

NOBODY = "local:nobody"


# The table and the document


async def test_each_operation_stands_in_the_table() -> None:
    assert OPERATIONS.keys() - TABLE.keys() == set()


async def test_each_row_has_its_operation() -> None:
    assert TABLE.keys() - OPERATIONS.keys() == set()


@each_operation
async def test_the_document_says_what_the_table_says(name: str) -> None:
    schemes = {
        scheme.removesuffix("-query")
        for requirement in OPERATIONS[name].get("security") or ()
        for scheme in requirement
    }
    expected = {"-": set[str](), "R": {"HTTPBearer"}}.get(TABLE[name], {"api-key"})
    assert schemes == expected | ({"oasst-user"} if TABLE[name].endswith("+U") else set())


# The callers


@dataclass(frozen=True)
class Caller:
    """Somebody with a key of a kind, and what belongs to him."""

    key: str | None = None
    root: bool = False
    own: dict[str, str] = field(default_factory=dict[str, str])
    """What stands in a path, by the name of the parameter."""

    @property
    def headers(self) -> dict[str, str]:
        keyed = {"X-API-Key": self.key} if self.key else {}
        return keyed | ({"Authorization": f"Bearer {ROOT}"} if self.root else {})


async def settle_in(service: Service, key: str, client: str) -> dict[str, str]:
    """What a frontend has after some work: a user, a message of his with a reply, an open task."""
    async with service.frontend(key) as frontend:
        task = await frontend.ask("initial_prompt", user("ada"))
    planted = await plant(service.graph, {f"What is {client}?": {"A name.": {}}})
    rows = await service.graph.execute(
        """
        MATCH (ada:User {client: $client, method: 'local', name: 'ada'})
        MATCH (post:Post {id: $post})
        SET post.author = ada.id, post.client = $client, post.frontend_id = $named
        CREATE (ada)-[:WROTE]->(post)
        RETURN ada.id AS id
        """,
        client=client,
        post=planted[f"What is {client}?"],
        named=f"m-{client}",
    )
    return {
        "user_id": str(rows[0]["id"]),
        "auth_method": "local",
        "username": "ada",
        "task_id": task["id"],
        "message_id": planted[f"What is {client}?"],
        "frontend_message_id": f"m-{client}",
        "time_frame": "total",
        "name": "message_trees_by_state",
    }


@dataclass(frozen=True)
class Room:
    """All callers, before one service."""

    service: Service
    http: httpx.AsyncClient
    callers: Mapping[str, Caller]

    async def call(
        self, name: str, caller: Caller, *, query: Mapping[str, str] | None = None, acting: str | None = None
    ) -> httpx.Response:
        """A request that is right but for who sends it."""
        method, _, path = name.partition(" ")
        operation = OPERATIONS[name]
        needed = {
            parameter["name"]: str(parameter["example"])
            for parameter in operation.get("parameters", ())
            if parameter.get("required")
        }
        own = dict(caller.own)
        own["message_id"] = own["frontend_message_id" if "/frontend_messages/" in path else "message_id"]
        asked = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"}
        return await self.http.request(
            method,
            path.format_map(needed | own),
            params={parameter: value for parameter, value in needed.items() if parameter in asked} | dict(query or {}),
            headers=caller.headers | ({"X-OASST-USER": acting} if acting else {}),
            json=_body(operation) if "requestBody" in operation else None,
        )


def _body(operation: Json) -> Any:
    media = operation["requestBody"]["content"]["application/json"]
    return media["example"] if "example" in media else next(iter(media["examples"].values()))["value"]


@pytest.fixture
async def room(service: Service) -> AsyncGenerator[Room]:
    owned = {key: await settle_in(service, key, client) for key, client in ((WEB, CLIENT.id), (BOT, BOT_ID))}
    callers = {
        "none": Caller(None, own=owned[WEB]),
        "wrong": Caller("no-such-key", own=owned[WEB]),
        "off": Caller(OFF, own=owned[WEB]),
        "untrusted": Caller(BOT, own=owned[BOT]),
        "trusted": Caller(WEB, own=owned[WEB]),
        "analyst": Caller(ANALYST, own=owned[BOT]),
        "root": Caller(None, root=True, own=owned[WEB]),
    }
    async with httpx.AsyncClient(base_url=service.url, timeout=60, trust_env=False) as http:
        yield Room(service, http, callers)


PASSES: Mapping[str, frozenset[str]] = {
    "-": frozenset({"none", "wrong", "off", "untrusted", "trusted", "analyst", "root"}),
    "K": frozenset({"untrusted", "trusted", "analyst"}),
    "T": frozenset({"trusted"}),
    "A": frozenset({"analyst"}),
    "R": frozenset({"root"}),
}


def refused(got: httpx.Response, code: int) -> bool:
    return got.status_code == 403 and got.json()["error_code"] == code


def passed(name: str, got: httpx.Response) -> bool:
    """The guard let it through, and what came of it is told in the document."""
    return got.status_code not in (401, 403, 422, 500) and str(got.status_code) in OPERATIONS[name]["responses"]


SEEN: dict[str, dict[str, int]] = {}


@each_operation
async def test_who_may(room: Room, name: str, request: pytest.FixtureRequest) -> None:
    right = TABLE[name][0]
    code = ROOT_ONLY if right == "R" else KEY
    before = await snapshot(room.service.graph)
    seen = SEEN[name] = {}
    for kind, caller in room.callers.items():
        if kind not in PASSES[right]:
            got = await room.call(name, caller)
            seen[kind] = got.status_code
            assert refused(got, code), (kind, got.text)
    assert await snapshot(room.service.graph) == before
    for kind, caller in room.callers.items():
        if kind in PASSES[right]:
            got = await room.call(name, caller)
            seen[kind] = got.status_code
            assert passed(name, got), (kind, got.text)
    tell(request.config, "who may call what", shown(room.callers))


def shown(kinds: Mapping[str, object]) -> list[str]:
    head = f"{'':4}{' '.join(f'{kind:>9}' for kind in kinds)}"
    return [head] + [
        f"{TABLE[name]:4}{' '.join(f'{SEEN[name].get(kind, 0):9}' for kind in kinds)}  {name}"
        for name in TABLE
        if name in SEEN
    ]


WITH_KEY = [name for name in OPERATIONS if TABLE.get(name, "-")[0] in "KTA"]


def let_in(room: Room, name: str) -> Caller:
    """Somebody who may."""
    return room.callers["analyst" if TABLE[name] == "A" else "trusted"]


@pytest.mark.parametrize("name", WITH_KEY)
async def test_the_key_in_the_query_wins_over_the_header(room: Room, name: str) -> None:
    right, wrong = let_in(room, name), room.callers["wrong"]
    assert refused(await room.call(name, right, query={"api_key": "no-such-key"}), KEY)
    assert passed(name, await room.call(name, wrong, query={"api_key": str(right.key)}))


@pytest.mark.parametrize("name", [name for name in OPERATIONS if TABLE.get(name, "").endswith("+U")])
async def test_an_acting_user_who_is_not_known_is_refused(room: Room, name: str) -> None:
    trusted = room.callers["trusted"]
    for got in (
        await room.call(name, trusted, acting=NOBODY),
        await room.call(name, trusted, query={"oasst_user": NOBODY}),
        await room.call(name, trusted, query={"oasst_user": NOBODY}, acting="local:ada"),
    ):
        assert (got.status_code, got.json()["error_code"]) == (404, 4002), got.text
    assert passed(name, await room.call(name, trusted, acting="nobody without a colon"))
    assert passed(name, await room.call(name, trusted, query={"oasst_user": "local:ada"}, acting=NOBODY))


@pytest.mark.parametrize("name", [name for name in WITH_KEY if not TABLE[name].endswith("+U")])
async def test_elsewhere_the_acting_user_does_not_matter(room: Room, name: str) -> None:
    got = await room.call(name, let_in(room, name), acting=NOBODY)
    assert passed(name, got), got.text


def takes_a_client(operation: Json) -> bool:
    return any(parameter["name"] == "api_client_id" for parameter in operation.get("parameters", ()))


@pytest.mark.parametrize("name", [name for name, operation in OPERATIONS.items() if takes_a_client(operation)])
async def test_the_users_and_messages_of_others_are_for_trusted_clients(room: Room, name: str) -> None:
    untrusted, trusted = room.callers["untrusted"], room.callers["trusted"]
    assert refused(await room.call(name, untrusted, query={"api_client_id": str(uuid4())}), KEY)
    assert passed(name, await room.call(name, untrusted, query={"api_client_id": BOT_ID}))
    assert passed(name, await room.call(name, trusted, query={"api_client_id": BOT_ID}))
