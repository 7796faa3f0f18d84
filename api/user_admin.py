"""What operators do with the accounts of users, and with all that a user wrote."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Router, delete, put
from litestar.params import FromPath, QueryParameter

from oa_graph import errors
from oa_graph.api.document import ACTING, KEYED, error_responses
from oa_graph.api.keys import requires_key, requires_trusted, resolves_user
from oa_graph.api.query_params import NO_WISH, UNDEFINED, OptionalBooleanParam, optional_boolean_param
from oa_graph.api.request import ApiRequest

UNKNOWN = error_responses(errors.UserNotFound)
_STORABLE = r"^[^\x00]*$"


@put("/{user_id:str}", status_code=204, summary="Change a user", operation_id="update_user", responses=UNKNOWN)
async def change(
    request: ApiRequest,
    user_id: FromPath[UUID],
    display_name: Annotated[str | None, QueryParameter(max_length=256, pattern=_STORABLE)] = None,
    enabled: Annotated[OptionalBooleanParam, optional_boolean_param("false: ban the user.")] = NO_WISH,
    notes: Annotated[
        str | None, QueryParameter(max_length=1024, pattern=_STORABLE, description="for moderators alone")
    ] = None,
    show_on_leaderboard: Annotated[
        OptionalBooleanParam, optional_boolean_param("Whether leaderboards show the user.")
    ] = NO_WISH,
    tos_acceptance: Annotated[
        OptionalBooleanParam, optional_boolean_param("true: the user accepts the terms now; false is ignored.")
    ] = NO_WISH,
) -> None:
    """Change what is sent, and nothing else.

    A banned user loses all tasks, and the user's prompts leave the lottery until the user is enabled again.
    """
    settings = {
        "display_name": _meant(display_name),
        "enabled": enabled.on,
        "notes": _meant(notes),
        "show_on_leaderboard": show_on_leaderboard.on,
        "terms_accepted": request.collection.context.clock() if tos_acceptance.on else None,
    }
    changes = {name: value for name, value in settings.items() if value is not None}
    await request.collection.moderation.change_user(str(user_id), changes)


def _meant(text: str | None) -> str | None:
    """The website writes the word `undefined` for what it does not have."""
    return None if text == UNDEFINED else text


@delete("/{user_id:str}", summary="Delete a user", operation_id="delete_user", responses=UNKNOWN)
async def end(request: ApiRequest, user_id: FromPath[UUID]) -> None:
    """End the account and take its names away; what the user wrote stays."""
    await request.collection.moderation.anonymise(str(user_id))


@delete(
    "/{user_id:str}/messages",
    summary="Delete a user's messages",
    operation_id="mark_user_messages_deleted",
    responses=UNKNOWN,
)
async def delete_posts(request: ApiRequest, user_id: FromPath[UUID]) -> None:
    """Mark all messages of a user, and all below them, as deleted."""
    await request.collection.moderation.delete_posts_of(str(user_id))


@delete(
    "/{auth_method:str}/{username:str}/messages",
    summary="Delete a user's messages",
    operation_id="mark_frontend_user_messages_deleted",
    responses=UNKNOWN,
)
async def delete_posts_of(request: ApiRequest, auth_method: FromPath[str], username: FromPath[str]) -> None:
    """Mark all messages of a user, and all below them, as deleted."""
    user = await request.collection.users.find(auth_method, username, client=request.auth)
    await request.collection.moderation.delete_posts_of(user.id)


routers = (
    Router(
        "/users", route_handlers=[change, end], guards=[requires_key, requires_trusted], security=KEYED, tags=["users"]
    ),
    Router(
        "/users",
        route_handlers=[delete_posts],
        guards=[requires_key, requires_trusted, resolves_user],
        security=[*KEYED, *ACTING],
        tags=["users"],
    ),
    Router(
        "/frontend_users",
        route_handlers=[delete_posts_of],
        guards=[requires_key, requires_trusted],
        security=KEYED,
        tags=["users"],
    ),
)
