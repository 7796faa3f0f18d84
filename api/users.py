"""Users, as frontends name them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

from litestar import Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from oa_graph import errors, moderation
from oa_graph.api import people, wire
from oa_graph.api.call import Call
from oa_graph.api.document import KEYED, fails
from oa_graph.api.keys import keyed, visible_client
from oa_graph.errors import ClientNotAuthorized, UserNotFound
from oa_graph.graph import users
from oa_graph.model import AuthMethod, Client, User


def newcomer(client: Client, method: AuthMethod) -> User:
    """The settings of a user who is seen for the first time."""
    return User(
        id="",
        client=client.id,
        method=method,
        name="",
        display_name="",
        show_on_leaderboard=method is not AuthMethod.SYSTEM,
    )


def resulting(user: User, settings: Mapping[str, object]) -> dict[str, object]:
    """Those of `settings` that differ from what the user has."""
    return {name: value for name, value in settings.items() if getattr(user, name) != value}


def permitted(client: Client, changes: Mapping[str, object]) -> Mapping[str, object]:
    """`changes`, if `client` may make them: one that is not trusted changes no settings. Raises ClientNotAuthorized."""
    if changes and not client.trusted:
        raise ClientNotAuthorized(why="only trusted clients change " + ", ".join(changes))
    return changes


@post(
    "/",
    status_code=200,
    summary="Create or update a user",
    operation_id="create_frontend_user",
    responses=fails(errors.ClientNotAuthorized),
)
async def create(request: Call, data: JSONBody[wire.CreateFrontendUserRequest]) -> wire.FrontEndUser:
    """Creates a user or updates one. Of a user who exists only what is sent is changed.

    A client that is not trusted may send the display name and the acceptance of the terms; settings that would
    change anything are refused.
    """
    now = datetime.now(UTC)
    person, client = data.person(), request.caller
    known = await users.find(request.graph, client=client.id, method=person.method, name=person.name)
    settings = permitted(client, resulting(known or newcomer(client, person.method), data.settings()))
    changes = {**({} if known else settings), **data.acceptance(now)}
    user = await users.upsert(request.graph, client=client.id, person=person, id=str(uuid4()), now=now, changes=changes)
    if known and settings:  # a ban is one, whichever way it comes
        user = await moderation.change(request.graph, request.limits, rng=request.rng, user=user.id, changes=settings)
    return wire.user(user, now=now)


@get(
    "/{auth_method:str}/{username:str}",
    summary="Read a user",
    operation_id="get_frontend_user",
    responses=fails(errors.ClientNotAuthorized, errors.UserNotFound),
)
async def one(
    request: Call,
    auth_method: FromPath[str],
    username: FromPath[str],
    api_client_id: Annotated[
        UUID | None, QueryParameter(description="whose user; trusted clients see everybody's")
    ] = None,
) -> wire.FrontEndUser:
    """A user by the name that the frontend gave."""
    client = visible_client(request.caller, api_client_id)
    found = (
        await users.find_anywhere(request.graph, preferred=request.caller.id, method=auth_method, name=username)
        if client is None
        else await users.find(request.graph, client=client, method=auth_method, name=username)
    )
    if found is None:
        raise UserNotFound(id=f"{auth_method}:{username}")
    return wire.user(found, now=datetime.now(UTC))


router = Router(
    "/frontend_users", route_handlers=[create, one, people.obsolete], guards=[keyed], security=KEYED, tags=["users"]
)
