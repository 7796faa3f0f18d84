"""What operators do with the accounts of users, and with all that a user wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, delete, put
from litestar.params import FromPath, QueryParameter

from oa_graph import errors, moderation
from oa_graph.api.call import Call
from oa_graph.api.document import ACTING, KEYED, fails
from oa_graph.api.flag import NO_WISH, UNDEFINED, Wish, wish
from oa_graph.api.keys import acting, keyed, trusted
from oa_graph.errors import UserNotFound
from oa_graph.graph import users

UNKNOWN = fails(errors.UserNotFound)
_STORABLE = r"^[^\x00]*$"


@put("/{user_id:str}", status_code=204, summary="Change a user", operation_id="update_user", responses=UNKNOWN)
async def change(
    request: Call,
    user_id: FromPath[UUID],
    display_name: Annotated[str | None, QueryParameter(max_length=256, pattern=_STORABLE)] = None,
    enabled: Annotated[Wish, wish("false: ban the user.")] = NO_WISH,
    notes: Annotated[
        str | None, QueryParameter(max_length=1024, pattern=_STORABLE, description="for moderators alone")
    ] = None,
    show_on_leaderboard: Annotated[Wish, wish("Whether leaderboards show the user.")] = NO_WISH,
    tos_acceptance: Annotated[Wish, wish("true: the user accepts the terms now; false is ignored.")] = NO_WISH,
) -> None:
    """Changes what is sent, and nothing else.

    Who is banned holds no tasks any more, and his prompts leave the lottery until he is enabled again.
    """
    wanted = {
        "display_name": _meant(display_name),
        "enabled": enabled.on,
        "notes": _meant(notes),
        "show_on_leaderboard": show_on_leaderboard.on,
        "terms_accepted": datetime.now(UTC) if tos_acceptance.on else None,
    }
    changes = {name: value for name, value in wanted.items() if value is not None}
    await moderation.change(request.graph, request.limits, rng=request.rng, user=str(user_id), changes=changes)


def _meant(text: str | None) -> str | None:
    """The website writes the word `undefined` for what it does not have."""
    return None if text == UNDEFINED else text


@delete("/{user_id:str}", summary="Delete a user", operation_id="delete_user", responses=UNKNOWN)
async def end(request: Call, user_id: FromPath[UUID]) -> None:
    """Ends the account and takes its names away; what the user wrote stays."""
    await moderation.anonymise(request.graph, request.limits, rng=request.rng, user=str(user_id))


@delete(
    "/{user_id:str}/messages",
    summary="Delete a user's messages",
    operation_id="mark_user_messages_deleted",
    responses=UNKNOWN,
)
async def delete_posts(request: Call, user_id: FromPath[UUID]) -> None:
    """Marks all messages of a user, and all below them, as deleted."""
    await moderation.delete_of(request.graph, request.limits, rng=request.rng, user=str(user_id))


@delete(
    "/{auth_method:str}/{username:str}/messages",
    summary="Delete a user's messages",
    operation_id="mark_frontend_user_messages_deleted",
    responses=UNKNOWN,
)
async def delete_posts_of(request: Call, auth_method: FromPath[str], username: FromPath[str]) -> None:
    """Marks all messages of a user, and all below them, as deleted."""
    found = await users.find_anywhere(request.graph, preferred=request.caller.id, method=auth_method, name=username)
    if found is None:
        raise UserNotFound(id=f"{auth_method}:{username}")
    await moderation.delete_of(request.graph, request.limits, rng=request.rng, user=found.id)


routers = (
    Router("/users", route_handlers=[change, end], guards=[keyed, trusted], security=KEYED, tags=["users"]),
    Router(
        "/users",
        route_handlers=[delete_posts],
        guards=[keyed, trusted, acting],
        security=[*KEYED, *ACTING],
        tags=["users"],
    ),
    Router(
        "/frontend_users", route_handlers=[delete_posts_of], guards=[keyed, trusted], security=KEYED, tags=["users"]
    ),
)
