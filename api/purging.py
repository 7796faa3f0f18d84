"""Removing what users did for good, and making several users one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Router, post
from litestar.params import FromPath, JSONBody

from oa_graph import errors, moderation
from oa_graph.api import wire
from oa_graph.api.call import Call
from oa_graph.api.document import KEYED, fails
from oa_graph.api.flag import NO, YES, Flag, flag
from oa_graph.api.instant import Instant, instant
from oa_graph.api.keys import keyed, trusted

UNKNOWN = fails(errors.UserNotFound)


def _told(found: moderation.Purged) -> wire.PurgeResultModel:
    return wire.purged(found.before, found.after, preview=found.preview, seconds=found.seconds)


@post(
    "/purge_user/{user_id:str}",
    status_code=200,
    summary="Purge a user",
    operation_id="purge_user",
    responses=UNKNOWN,
)
async def purge(
    request: Call,
    user_id: FromPath[UUID],
    preview: Annotated[Flag, flag("Take it back, and only tell what it would change.", default=True)] = YES,
    ban: Annotated[Flag, flag("Also disable and delete the user.", default=True)] = YES,
) -> wire.PurgeResultModel:
    """Removes for good what a user wrote and said: his trees, his messages elsewhere with all below, his figures."""
    return _told(
        await moderation.purge(
            request.graph, request.limits, rng=request.rng, user=str(user_id), ban=bool(ban), preview=bool(preview)
        )
    )


@post(
    "/purge_user/{user_id:str}/messages",
    status_code=200,
    summary="Purge messages of a user",
    operation_id="purge_user_messages",
    responses=UNKNOWN,
)
async def purge_posts(
    request: Call,
    user_id: FromPath[UUID],
    purge_initial_prompts: Annotated[Flag, flag("Also the trees that the user began.", default=False)] = NO,
    min_date: Annotated[Instant | None, instant("Nothing that was written before.")] = None,
    max_date: Annotated[Instant | None, instant("Nothing that was written after.")] = None,
    preview: Annotated[Flag, flag("Take it back, and only tell what it would change.", default=True)] = YES,
) -> wire.PurgeResultModel:
    """Removes messages of a user for good, with all below them."""
    return _told(
        await moderation.purge_posts(
            request.graph,
            request.limits,
            rng=request.rng,
            user=str(user_id),
            with_prompts=bool(purge_initial_prompts),
            since=min_date.at if min_date else None,
            until=max_date.at if max_date else None,
            preview=bool(preview),
        )
    )


@post(
    "/merge_users",
    status_code=204,
    summary="Merge users",
    operation_id="merge_users",
    responses=fails(errors.UserNotFound, errors.StillChanging),
)
async def merge(request: Call, data: JSONBody[wire.MergeUsersRequest]) -> None:
    """Makes several accounts one, also those of different frontends."""
    await moderation.merge(
        request.graph,
        request.limits,
        rng=request.rng,
        destination=str(data.destination_user_id),
        sources=[str(each) for each in data.source_user_ids],
    )


router = Router(
    "/admin",
    route_handlers=[purge, purge_posts, merge],
    guards=[keyed, trusted],
    security=KEYED,
    tags=["admin"],
)
