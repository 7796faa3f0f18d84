"""API clients: other frontends, bots, models and notebooks, and their keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from oa_graph.domain.users import ApiClient, ClientChanges
from oa_graph.errors import OwnClient
from oa_graph.installation import PAGES, TRUSTED
from oa_graph.policy.kinds import CAPABILITIES
from oa_graph.web.render import page
from oa_graph.web.request import PageRequest
from oa_graph.web.texts import N_

_MAX_LENGTH = 256
"""Of a text in a form, as the API takes it."""

CAPABILITY_WORDS: Mapping[str, str] = {
    "end_vote": N_("Votes on ends of conversations"),
    "rank_initial_prompts": N_("Rankings of prompts"),
}

assert {*CAPABILITY_WORDS} == CAPABILITIES, "each capability has its words"


@get("/clients")
async def clients(request: PageRequest) -> Response[Any]:
    """Show all API clients, and a form to create one."""
    return await _page(request)


async def _page(
    request: PageRequest, *, key: str = "", of: str = "", done: str = "", problem: str = ""
) -> Response[Any]:
    return page(
        request,
        "clients.html",
        status=422 if problem else 200,
        clients=await request.collection.clients.all(),
        own={TRUSTED, PAGES.id},
        capability_words=CAPABILITY_WORDS,
        cache_sec=request.settings.client_cache_sec,
        key=key,
        of=of,
        done=done,
        problem=problem,
    )


@post("/clients")
async def create_client(request: PageRequest) -> Response[Any]:
    """Create a client, and show its key once."""
    description = await _text(request, "description")
    if not description:
        return await _page(request, problem=request.gettext(N_("Please say what the client is.")))
    client = ApiClient(
        id="",
        description=description,
        frontend_type=await _text(request, "frontend_type") or None,
        trusted=bool(await request.field("trusted")),
        analyst=bool(await request.field("analyst")),
        capabilities=await _capabilities(request),
        writes_as_model=await _text(request, "writes_as_model") or None,
    )
    return await _page(request, key=await request.collection.clients.create(client), of=description)


async def _text(request: PageRequest, name: str) -> str:
    return (await request.field(name)).strip()[:_MAX_LENGTH]


async def _capabilities(request: PageRequest) -> tuple[str, ...]:
    return tuple(name for name in await request.fields("capability") if name in CAPABILITIES)


@post("/clients/{client_id:str}")
async def change_client(request: PageRequest, client_id: FromPath[str]) -> Response[Any]:
    """Change the rights of a client, disable or enable it, or rotate its key."""
    action, problem, key = await request.field("action"), "", ""
    try:
        match action:
            case "rotate":
                key = await request.collection.clients.rotate(client_id)
            case "disable" | "enable":
                await request.collection.clients.change(client_id, ClientChanges(enabled=action == "enable"))
            case _:
                await request.collection.clients.change(client_id, await _changes(request))
    except OwnClient:
        problem = request.gettext(N_("The service itself uses this client; each start resets it."))
    _forget(request, client_id)
    return await _page(request, key=key, of=client_id, done="" if problem or key else action, problem=problem)


async def _changes(request: PageRequest) -> ClientChanges:
    return ClientChanges(
        trusted=bool(await request.field("trusted")),
        analyst=bool(await request.field("analyst")),
        capabilities=await _capabilities(request),
    )


def _forget(request: PageRequest, id: str) -> None:
    """Drop the client from the cache of this process; other processes notice within `OA_GRAPH_CLIENT_CACHE_SEC`."""
    request.app.state["client_cache"].forget(id)
