"""Every path of the protocol: who may call it, whose name it looks up, and that both of its forms are there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import cast

import httpx
import pytest

from tests.http.clients.conftest import Place
from tests.http.clients.conventions import NO_ROUTE, Answer, Body, Raw, Refused, check_refusal, person, value
from tests.http.clients.growing import prompt
from tests.http.clients.website import Visitor

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Route:
    """A call; `for_trusted`: an untrusted key may not; `acting`: the user of the header is looked up."""

    call: str
    for_trusted: bool = False
    acting: bool = False
    body: object = None

    def __str__(self) -> str:
        return self.call


EVE = person("eve")
LOST = "6b0f7b0a-31c5-4d0e-9a53-1f6f0a6a0b99"
ACTING, TRUSTED = {"acting": True}, {"for_trusted": True}

ROUTES = (
    Route("POST /tasks/", body={"user": EVE}),
    Route("POST /tasks/availability", body=EVE),
    Route("POST /tasks/{lost}/ack", body={"message_id": "m"}, **ACTING),
    Route("POST /tasks/{lost}/nack", body={}, **ACTING),
    Route("POST /tasks/interaction", body={"type": "message_ranking", "message_id": "m", "ranking": [0], "user": EVE}),
    Route("POST /tasks/close", body={"message_id": "m"}),
    Route("POST /text_labels/", body={"message_id": LOST, "labels": {}, "text": "", "user": EVE}),
    Route("GET /text_labels/valid_labels"),
    Route("GET /messages/", **ACTING),
    Route("GET /messages/cursor", **ACTING),
    Route("GET /messages/{post}", **ACTING),
    Route("GET /messages/{post}/conversation", **ACTING),
    Route("GET /messages/{post}/tree", **ACTING),
    Route("GET /messages/{post}/tree/state", **ACTING),
    Route("PUT /messages/{post}/tree/state?halt=true", **ACTING, **TRUSTED),
    Route("GET /messages/{post}/children", **ACTING),
    Route("GET /messages/{post}/descendants", **ACTING),
    Route("GET /messages/{post}/longest_conversation_in_tree", **ACTING),
    Route("GET /messages/{post}/max_children_in_tree", **ACTING),
    Route("POST /messages/{post}/emoji", body={"user": EVE, "emoji": "rofl"}),
    Route("DELETE /messages/{post}", **ACTING, **TRUSTED),
    Route("PUT /messages/{post}/undelete", **ACTING, **TRUSTED),
    Route("POST /messages/{post}/edit", body={"user": EVE, "new_content": "What is snow?"}, **TRUSTED),
    Route("GET /messages/{post}/history", **ACTING, **TRUSTED),
    Route("GET /frontend_messages/{made}"),
    Route("GET /frontend_messages/{made}/conversation"),
    Route("GET /frontend_messages/{made}/tree"),
    Route("GET /frontend_messages/{made}/children"),
    Route("GET /frontend_messages/{made}/descendants"),
    Route("GET /frontend_messages/{made}/longest_conversation_in_tree"),
    Route("GET /frontend_messages/{made}/max_children_in_tree"),
    Route("GET /users/by_username"),
    Route("GET /users/by_display_name"),
    Route("GET /users/cursor"),
    Route("GET /users/{user}"),
    Route("PUT /users/{user}?notes=x", **TRUSTED),
    Route("DELETE /users/{user}", **TRUSTED),
    Route("GET /users/{user}/messages", **ACTING),
    Route("GET /users/{user}/messages/cursor", **ACTING),
    Route("DELETE /users/{user}/messages", **ACTING, **TRUSTED),
    Route("GET /users/{user}/stats"),
    Route("GET /users/{user}/stats/total"),
    Route("GET /users/{user}/stats/total/window"),
    Route("POST /frontend_users/", body=EVE),
    Route("GET /frontend_users/local/ada"),
    Route("GET /frontend_users/local/ada/messages"),
    Route("GET /frontend_users/local/ada/messages/cursor", **ACTING),
    Route("DELETE /frontend_users/local/ada/messages", **TRUSTED),
    Route("GET /frontend_users/"),
    Route("GET /stats/", **TRUSTED),
    Route("GET /stats/tree_manager/state_counts", **TRUSTED),
    Route("GET /stats/tree_manager/message_counts", **TRUSTED),
    Route("GET /stats/tree_manager", **TRUSTED),
    Route("GET /stats/agreement", **TRUSTED),
    Route("GET /stats/cached"),
    Route("GET /stats/cached/users_accepted_tos"),
    Route("POST /stats/cached/update", **TRUSTED),
    Route("GET /leaderboards/day", **ACTING),
    Route("POST /leaderboards/update/day", **TRUSTED),
    Route("POST /leaderboards/update", **TRUSTED),
    Route("GET /trollboards/day", **TRUSTED),
    Route("GET /admin/backend_settings/public"),
    Route("GET /admin/backend_settings/full", **TRUSTED),
    Route("POST /admin/purge_user/{user}", **TRUSTED),
    Route("POST /admin/purge_user/{user}/messages", **TRUSTED),
    Route("GET /admin/flagged_messages?max_count=3", **TRUSTED),
    Route("GET /admin/flagged_messages/cursor", **TRUSTED),
    Route("POST /admin/flagged_messages/{post}/processed", **TRUSTED),
    Route("POST /admin/merge_users", body={"destination_user_id": LOST, "source_user_ids": []}, **TRUSTED),
)


@pytest.fixture
async def names(ada: Visitor, bob: Visitor) -> dict[str, str]:
    """What the paths name: a message of ada's, her id, and the id of something that is not there."""
    post = await prompt(ada, bob, "What is rain?")
    message = await ada.message(post)
    return {"post": post, "user": await ada.id(), "lost": LOST, "made": str(message.frontend_message_id)}


async def send(raw: Raw, route: Route, names: dict[str, str], slash: str = "", **headers: str) -> Answer:
    """The answer to a call; `slash`: at the end of the path."""
    method, _, path = route.call.format(**names).partition(" ")
    path, mark, query = path.partition("?")
    got = await raw.http.request(method, f"{path}{slash}{mark}{query}", json=route.body, headers=headers)
    return Answer.of(got)


async def refusal(raw: Raw, route: Route, names: dict[str, str], **headers: str) -> tuple[int, int | None]:
    answer = await send(raw, route, names, **headers)
    with pytest.raises(Refused) as refused:
        value(answer, answer.status)
    return refused.value.why


def _detail(body: object) -> object:
    return cast("Body", body).get("detail") if isinstance(body, dict) else None


@pytest.mark.parametrize("route", ROUTES, ids=str)
async def test_a_path_has_both_of_its_forms_its_rights_and_its_acting_user(
    raw: Raw, stranger: Raw, nobody: Raw, names: dict[str, str], route: Route
) -> None:
    assert await refusal(nobody, route, names) == (403, 2)
    if route.for_trusted:
        assert await refusal(stranger, route, names) == (403, 2)
    acting = {"X-OASST-USER": "local:ghost"}
    if route.acting:
        assert await refusal(raw, route, names, **acting) == (404, 4002)
    else:
        answer = await send(raw, route, names, **acting)
        if answer.status == 404:  # who is named in the path or the body may well be missing, but not the ghost
            assert b"ghost" not in answer.body
    stem = Route(route.call.replace("/?", "?").rstrip("/"), body=route.body)
    for slash in ("", "/"):
        answer = await send(raw, stem, names, slash)
        assert answer.status not in (301, 302, 307, 308, 405), slash
        body = json.loads(answer.body) if answer.body else None
        assert _detail(body) != NO_ROUTE, slash
        assert answer.status < 500, body
        if answer.status >= 300:
            check_refusal(answer.status, body)


async def test_a_path_that_only_the_operator_may_call_has_both_forms(nobody: Raw, place: Place) -> None:
    for slash in ("", "/"):
        body = {"description": "x", "frontend_type": "bot"}
        bearer = {"Authorization": f"Bearer {place.root}"}
        assert await nobody.call("POST", f"/admin/api_client{slash}", json=body, headers=bearer)


def test_the_table_has_every_path_once() -> None:
    assert len({route.call.partition("?")[0] for route in ROUTES}) == len(ROUTES)


async def test_every_path_is_in_the_document_in_its_canonical_form(nobody: Raw) -> None:
    document = await nobody.call("GET", "/openapi.json")
    operations = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    for route in (*ROUTES, Route("GET /text_labels/report_labels"), Route("POST /admin/api_client")):
        method, _, path = route.call.partition("?")[0].partition(" ")
        words = re.escape(f"{method} /api/v1{path}")
        pattern = re.compile(
            re.sub(r"\\{\w+\\}|(?<=/)(total|day|users_accepted_tos|local|ada)(?=/|$)", r"[^/]+", words)
        )
        assert any(pattern.fullmatch(operation) for operation in operations), route


@pytest.mark.parametrize(("path", "media"), [("/docs", "text/html"), ("/metrics", "text/plain")])
async def test_people_and_machines_find_what_describes_the_service(place: Place, path: str, media: str) -> None:
    async with httpx.AsyncClient(base_url=place.url, trust_env=False, verify=False) as http:
        got = await http.get(path)
    assert got.status_code == 200
    assert got.headers["content-type"].startswith(media)
