"""What operators do: admit frontends, remove for good what users did, and merge users."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import MediaType, Router, get, patch, post, put
from litestar.params import FromPath, JSONBody

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.document import KEYED, ROOTED, STORE, error_responses, error_responses_of
from oa_graph.api.instant import Instant, instant
from oa_graph.api.keys import client_cache, requires_key, requires_root_token, requires_trusted
from oa_graph.api.query_params import NO, YES, BooleanParam, boolean_param
from oa_graph.api.request import ApiRequest
from oa_graph.domain.tasks import TaskKind
from oa_graph.moderation import PurgeResult


@post(
    "/api_client",
    status_code=200,
    guards=[requires_root_token],
    security=ROOTED,
    media_type=MediaType.JSON,
    summary="Create an API client",
    operation_id="create_api_client",
    responses=error_responses_of(errors.RootTokenNotAuthorized, errors.UnknownCapability, *STORE, invalid=True),
)
async def create_client(request: ApiRequest, data: JSONBody[wire.CreateApiClientRequest]) -> str:
    """Create an API client and return its key. The key is not shown again."""
    return await request.collection.clients.create(data.client())


@patch(
    "/api_client/{client_id:str}",
    status_code=204,
    guards=[requires_root_token],
    security=ROOTED,
    summary="Change an API client",
    operation_id="change_api_client",
    responses=error_responses_of(
        errors.RootTokenNotAuthorized,
        errors.ClientNotFound,
        errors.OwnClient,
        errors.UnknownCapability,
        *STORE,
        invalid=True,
    ),
)
async def change_client(
    request: ApiRequest, client_id: FromPath[UUID], data: JSONBody[wire.ChangeApiClientRequest]
) -> None:
    """Change the rights and capabilities of an API client. Takes effect within `OA_GRAPH_CLIENT_CACHE_SEC`."""
    client = await request.collection.clients.change(str(client_id), data.changes())
    client_cache(request).forget(client.id)


@get(
    "/api_client",
    guards=[requires_root_token],
    security=ROOTED,
    summary="List the API clients",
    operation_id="list_api_clients",
    responses=error_responses_of(errors.RootTokenNotAuthorized, *STORE),
)
async def clients(request: ApiRequest) -> list[wire.ApiClientResponse]:
    """All API clients by description, without their keys."""
    return [wire.api_client(client) for client in await request.collection.clients.all()]


@post(
    "/api_client/{client_id:str}/rotate",
    status_code=200,
    guards=[requires_root_token],
    security=ROOTED,
    media_type=MediaType.JSON,
    summary="Replace the key of an API client",
    operation_id="rotate_api_client",
    responses=error_responses_of(
        errors.RootTokenNotAuthorized, errors.ClientNotFound, errors.OwnClient, *STORE, invalid=True
    ),
)
async def rotate(request: ApiRequest, client_id: FromPath[UUID]) -> str:
    """Give an API client a new key and return it. The key is not shown again; the old one ends at once here, and within
    `OA_GRAPH_CLIENT_CACHE_SEC` in other processes."""
    key = await request.collection.clients.rotate(str(client_id))
    client_cache(request).forget(str(client_id))
    return key


@put(
    "/guidelines/{kind:str}/{lang:str}",
    guards=[requires_root_token],
    security=ROOTED,
    summary="Publish a guideline",
    operation_id="publish_guideline",
    responses=error_responses_of(errors.RootTokenNotAuthorized, errors.InvalidGuideline, *STORE, invalid=True),
)
async def publish_guideline(
    request: ApiRequest,
    kind: FromPath[TaskKind],
    lang: FromPath[str],
    data: JSONBody[wire.GuidelineText],
) -> wire.Guideline:
    """Make a text the guideline of a kind of task in a language: its next version.

    The text of the current version again makes no version. Takes effect within `OA_GRAPH_GUIDELINES_CACHE_SEC`.
    """
    return wire.guideline(await request.collection.guidelines.publish(kind, lang, data.text))


UNKNOWN = error_responses(errors.UserNotFound)


def _purged(result: PurgeResult) -> wire.PurgeResultModel:
    return wire.purged(result.before, result.after, preview=result.preview, seconds=result.seconds)


@post(
    "/purge_user/{user_id:str}",
    status_code=200,
    summary="Purge a user",
    operation_id="purge_user",
    responses=UNKNOWN,
)
async def purge(
    request: ApiRequest,
    user_id: FromPath[UUID],
    preview: Annotated[
        BooleanParam, boolean_param("Take it back, and only tell what it would change.", default=True)
    ] = YES,
    ban: Annotated[BooleanParam, boolean_param("Also disable and delete the user.", default=True)] = YES,
) -> wire.PurgeResultModel:
    """Remove all that a user wrote and judged: the user's trees, messages elsewhere with all below, and figures."""
    return _purged(await request.collection.moderation.purge(str(user_id), ban=bool(ban), preview=bool(preview)))


@post(
    "/purge_user/{user_id:str}/messages",
    status_code=200,
    summary="Purge messages of a user",
    operation_id="purge_user_messages",
    responses=UNKNOWN,
)
async def purge_posts(
    request: ApiRequest,
    user_id: FromPath[UUID],
    purge_initial_prompts: Annotated[
        BooleanParam, boolean_param("Also the trees that the user began.", default=False)
    ] = NO,
    min_date: Annotated[Instant | None, instant("Nothing that was written before.")] = None,
    max_date: Annotated[Instant | None, instant("Nothing that was written after.")] = None,
    preview: Annotated[
        BooleanParam, boolean_param("Take it back, and only tell what it would change.", default=True)
    ] = YES,
) -> wire.PurgeResultModel:
    """Remove messages of a user for good, with all below them."""
    return _purged(
        await request.collection.moderation.purge_posts(
            str(user_id),
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
    responses=error_responses(errors.UserNotFound, errors.StillChanging),
)
async def merge(request: ApiRequest, data: JSONBody[wire.MergeUsersRequest]) -> None:
    """Merge several accounts into one, also those of different frontends."""
    await request.collection.moderation.merge(
        str(data.destination_user_id), [str(source) for source in data.source_user_ids]
    )


routers = (
    Router("/admin", route_handlers=[create_client, change_client, clients, rotate, publish_guideline], tags=["admin"]),
    Router(
        "/admin",
        route_handlers=[purge, purge_posts, merge],
        guards=[requires_key, requires_trusted],
        security=KEYED,
        tags=["admin"],
    ),
)
