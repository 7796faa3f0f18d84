"""Statistics: boards, users' own figures, and counts of the whole."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import FromPath, QueryParameter

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.document import ACTING, KEYED, error_responses
from oa_graph.api.keys import requires_key, requires_trusted, resolves_user
from oa_graph.api.query_params import YES, BooleanParam, boolean_param
from oa_graph.api.request import ApiRequest
from oa_graph.domain.scores import TimeFrame
from oa_graph.graph.stats import CachedStats

MaxCount = Annotated[int, QueryParameter(ge=1, le=10_000, description="how many at most")]

_TRUSTED = error_responses(errors.ClientNotAuthorized)


# A user's own figures


@get(
    "/{user_id:str}/stats", summary="Read a user's figures", operation_id="get_user_stats", responses=error_responses()
)
async def of_user(request: ApiRequest, user_id: FromPath[UUID]) -> dict[TimeFrame, wire.UserScore]:
    """What a user did, by time frame: only frames with work of the user, or all frames if there is none.

    Of a user who does not exist there is nothing.
    """
    now = request.collection.context.clock()
    entries = await request.collection.leaderboards.scores(str(user_id))
    shown = [entry for entry in entries if entry.score] or entries
    return {entry.frame: wire.user_score(entry, viewer=None, now=now) for entry in shown}


@get(
    "/{user_id:str}/stats/{time_frame:str}",
    summary="Read a user's figures of a time frame",
    operation_id="get_user_stats_of_time_frame",
    responses=error_responses(errors.UserNotFound),
)
async def of_user_in(request: ApiRequest, user_id: FromPath[UUID], time_frame: FromPath[TimeFrame]) -> wire.UserScore:
    """What a user did within a time frame; zeros when that is nothing."""
    entry = await request.collection.leaderboards.score(str(user_id), time_frame)
    return wire.user_score(entry, viewer=None, now=request.collection.context.clock())


@get(
    "/{user_id:str}/stats/{time_frame:str}/window",
    summary="Read the leaderboard around a user",
    operation_id="get_user_stats_window",
    responses=error_responses(),
)
async def window(
    request: ApiRequest,
    user_id: FromPath[UUID],
    time_frame: FromPath[TimeFrame],
    window_size: Annotated[int, QueryParameter(ge=1, le=100, description="how many besides the user")] = 5,
) -> wire.LeaderboardStats | None:
    """The users ahead of a user and behind; null if the user is not on the board."""
    entries = await request.collection.leaderboards.window(str(user_id), time_frame, size=window_size)
    if not entries:
        return None
    return wire.leaderboard(time_frame, entries, viewer=str(user_id), now=request.collection.context.clock())


users = Router(
    "/users", route_handlers=[of_user, of_user_in, window], guards=[requires_key], security=KEYED, tags=["statistics"]
)


# Boards


@get(
    "/leaderboards/{time_frame:str}",
    guards=[resolves_user],
    security=ACTING,
    summary="Read a leaderboard",
    operation_id="get_leaderboard",
    responses=error_responses(errors.UserNotFound),
)
async def leaderboard(
    request: ApiRequest, time_frame: FromPath[TimeFrame], max_count: MaxCount = 100
) -> wire.LeaderboardStats:
    """Who did most within a time frame."""
    entries = await request.collection.leaderboards.leaderboard(time_frame, limit=max_count)
    return wire.leaderboard(time_frame, entries, viewer=request.user_id, now=request.collection.context.clock())


@post(
    ["/leaderboards/update/{time_frame:str}"],
    status_code=204,
    guards=[requires_trusted],
    summary="Bring a leaderboard up to date",
    operation_id="update_leaderboard",
    responses=_TRUSTED,
)
async def update(request: ApiRequest, time_frame: FromPath[TimeFrame]) -> None:
    """Boards are up to date within a second by themselves; after this they are so now, whichever is named."""
    await request.collection.leaderboards.update()


@post(
    "/leaderboards/update",
    status_code=204,
    guards=[requires_trusted],
    summary="Bring all leaderboards up to date",
    operation_id="update_leaderboards",
    responses=_TRUSTED,
)
async def update_all(request: ApiRequest) -> None:
    """Boards are up to date within a second by themselves; after this they are so now."""
    await request.collection.leaderboards.update()


@get(
    "/trollboards/{time_frame:str}",
    guards=[requires_trusted],
    summary="Read a troll board",
    operation_id="get_trollboard",
    responses=_TRUSTED,
)
async def trollboard(
    request: ApiRequest,
    time_frame: FromPath[TimeFrame],
    max_count: MaxCount = 100,
    enabled: Annotated[
        BooleanParam | None,
        QueryParameter(description="only such users; all when not given", schema_extra={"type": "boolean"}),
    ] = None,
) -> wire.TrollboardStats:
    """Whose messages of a time frame others object to most."""
    whose = None if enabled is None else bool(enabled)
    entries = await request.collection.leaderboards.troll_board(time_frame, enabled=whose, limit=max_count)
    return wire.trollboard(time_frame, entries, now=request.collection.context.clock())


# The whole


@get(
    "/stats",
    guards=[requires_trusted],
    summary="Count messages and trees",
    operation_id="get_stats",
    responses=_TRUSTED,
)
async def counts(request: ApiRequest) -> wire.SystemStats:
    """How many messages and trees there are."""
    return wire.system_stats(await request.collection.statistics.counts())


async def _message_counts(request: ApiRequest, *, only_active: bool, limit: int) -> list[wire.TreeMessageCountStats]:
    return [
        wire.TreeMessageCountStats(
            message_tree_id=tree.id,
            state=tree.state,
            depth=tree.depth,
            oldest=wire.moment(tree.oldest),
            youngest=wire.moment(tree.newest),
            count=tree.posts,
            goal_tree_size=tree.goal,
        )
        for tree in await request.collection.statistics.tree_sizes(only_active=only_active, limit=limit)
    ]


@get(
    "/stats/tree_manager/state_counts",
    guards=[requires_trusted],
    summary="Count trees by state",
    operation_id="get_tree_manager_state_counts",
    responses=_TRUSTED,
)
async def state_counts(request: ApiRequest) -> dict[str, int]:
    """How many trees are in each state; a state that is not there has none."""
    return dict(await request.collection.statistics.trees_by_state())


TreeCount = Annotated[int, QueryParameter(ge=1, le=100_000, description="how many trees of each state at most")]


@get(
    "/stats/tree_manager/message_counts",
    guards=[requires_trusted],
    summary="Count messages by tree",
    operation_id="get_tree_manager_message_counts",
    responses=_TRUSTED,
)
async def message_counts(
    request: ApiRequest,
    only_active: Annotated[
        BooleanParam, boolean_param("Only trees on which something is still to be done.", default=True)
    ] = YES,
    max_count: TreeCount = 1000,
) -> list[wire.TreeMessageCountStats]:
    """How far each tree has grown, oldest first."""
    return await _message_counts(request, only_active=bool(only_active), limit=max_count)


@get(
    "/stats/tree_manager",
    guards=[requires_trusted],
    summary="Count trees and their messages",
    operation_id="get_tree_manager",
    responses=_TRUSTED,
)
async def tree_manager(request: ApiRequest, max_count: TreeCount = 1000) -> wire.TreeManagerStats:
    """Trees by state, and how far each active one has grown."""
    return wire.TreeManagerStats(
        state_counts=dict(await request.collection.statistics.trees_by_state()),
        message_counts=await _message_counts(request, only_active=True, limit=max_count),
    )


@get(
    "/stats/progress",
    guards=[requires_trusted],
    summary="Read what the collection needs now",
    operation_id="get_progress",
    responses=_TRUSTED,
)
async def progress(request: ApiRequest) -> wire.ProgressStats:
    """Trees by state and language, open places and leases, the work of the last day, and what is still wanted."""
    seconds = request.settings.statement_timeout_sec
    return wire.progress_stats(await request.collection.statistics.progress(seconds=seconds))


@get(
    "/stats/agreement",
    guards=[requires_trusted],
    summary="Read how far people agree",
    operation_id="get_agreement_stats",
    responses=_TRUSTED,
)
async def agreement(
    request: ApiRequest,
    lang: Annotated[
        str | None, QueryParameter(description="only trees with this language tag; `en` does not include `en-US`")
    ] = None,
    max_count: Annotated[int, QueryParameter(ge=1, le=10_000, description="how many trees are looked at")] = 1000,
) -> wire.AgreementStats:
    """Krippendorff's alpha for each label, Kendall's W for rankings, and how reliable each user is.

    Computed anew from the first trees by id, which is as good as a draw where ids are made at random, and always the
    same one. It takes a second or two for every thousand trees.
    """
    measured, users = await request.collection.statistics.agreement_and_reliability(
        lang=wire.language(lang) if lang else None,
        trees=max_count,
        seconds=request.settings.statement_timeout_sec,
    )
    return wire.agreement_stats(measured, users)


@get(
    "/stats/cached", summary="Read all cached statistics", operation_id="get_cached_stats", responses=error_responses()
)
async def all_cached(request: ApiRequest) -> wire.AllCachedStatsResponse:
    """Statistics that are made anew each hour."""
    cached = [_cached(stats) for stats in await request.collection.statistics.cached()]
    return wire.AllCachedStatsResponse(stats_by_name={stats.name: stats for stats in cached})


@get(
    "/stats/cached/{name:str}",
    summary="Read one of the cached statistics",
    operation_id="get_cached_stats_by_name",
    responses=error_responses(errors.StatsNotReady),
)
async def cached(request: ApiRequest, name: FromPath[wire.CachedStatsName]) -> wire.CachedStatsResponse:
    """One of the statistics that are made anew each hour."""
    return _cached(await request.collection.statistics.cached_by_name(name.value))


def _cached(stats: CachedStats) -> wire.CachedStatsResponse:
    return wire.CachedStatsResponse.model_validate(
        {"name": stats.name, "last_updated": wire.moment(stats.updated), "stats": stats.stats}
    )


@post(
    "/stats/cached/update",
    status_code=204,
    guards=[requires_trusted],
    summary="Refresh the cached statistics",
    operation_id="update_cached_stats",
    responses=_TRUSTED,
)
async def refresh(request: ApiRequest) -> None:
    """Make them anew now."""
    await request.collection.statistics.refresh()


router = Router(
    "/",
    route_handlers=[
        leaderboard,
        update,
        update_all,
        trollboard,
        counts,
        state_counts,
        message_counts,
        tree_manager,
        progress,
        agreement,
        all_cached,
        cached,
        refresh,
    ],
    guards=[requires_key],
    security=KEYED,
    tags=["statistics"],
)
