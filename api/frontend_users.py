"""Users, as frontends name them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from oa_graph import errors
from oa_graph.api import users, wire
from oa_graph.api.document import KEYED, error_responses
from oa_graph.api.keys import requires_key
from oa_graph.api.request import ApiRequest


@post(
    "/",
    status_code=200,
    summary="Create or update a user",
    operation_id="create_frontend_user",
    responses=error_responses(errors.ClientNotAuthorized),
)
async def create(request: ApiRequest, data: JSONBody[wire.CreateFrontendUserRequest]) -> wire.FrontEndUser:
    """Create a user or update one. Of a user who exists only what is sent is changed.

    A client that is not trusted may send the display name and the acceptance of the terms; settings that would
    change anything are refused.
    """
    user = await request.collection.users.upsert(
        data.identity(), client=request.auth, settings=data.settings(), accept_terms=data.accepts_terms
    )
    return wire.user(user, now=request.collection.context.clock())


@get(
    "/{auth_method:str}/{username:str}",
    summary="Read a user",
    operation_id="get_frontend_user",
    responses=error_responses(errors.ClientNotAuthorized, errors.UserNotFound),
)
async def one(
    request: ApiRequest,
    auth_method: FromPath[str],
    username: FromPath[str],
    api_client_id: Annotated[
        UUID | None, QueryParameter(description="whose user; trusted clients see everybody's")
    ] = None,
) -> wire.FrontEndUser:
    """A user by the name that the frontend gave."""
    user = await request.collection.users.find(auth_method, username, client=request.auth, client_id=api_client_id)
    return wire.user(user, now=request.collection.context.clock())


@get(
    "/{auth_method:str}/{username:str}/tasks",
    summary="List the open tasks of a user",
    operation_id="list_open_tasks",
    responses=error_responses(errors.UserNotFound),
)
async def open_tasks(request: ApiRequest, auth_method: FromPath[str], username: FromPath[str]) -> wire.OpenTasks:
    """The tasks that a user of this frontend has neither answered nor skipped, as they were handed out, newest first.

    For a frontend that goes on after a restart, or in another window. At most 100; expired ones are left out.
    """
    collection = request.collection
    user = await collection.users.acting(auth_method, username, client=request.auth)
    return wire.open_tasks(
        await collection.tasks.open(user), show_authors=collection.context.limits.show_authors_in_judgements
    )


router = Router(
    "/frontend_users",
    route_handlers=[create, one, open_tasks, users.obsolete],
    guards=[requires_key],
    security=KEYED,
    tags=["users"],
)
