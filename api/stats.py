"""Statistics: boards, users' own figures, and counts of the whole."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import FromPath, QueryParameter

from oa_graph import agreement as agreed
from oa_graph import boards, errors
from oa_graph.api import wire
from oa_graph.api.call import Call
from oa_graph.api.document import ACTING, KEYED, fails
from oa_graph.api.flag import YES, Flag, flag
from oa_graph.api.keys import acting, keyed, trusted
from oa_graph.errors import StatsNotReady
from oa_graph.graph import stats
from oa_graph.model import Frame, TreeState
from oa_graph.policy.growth import ACTIVE

MaxCount = Annotated[int, QueryParameter(ge=1, le=10_000, description="how many at most")]

_TRUSTED = fails(errors.ClientNotAuthorized)


# A user's own figures


@get("/{user_id:str}/stats", summary="Read a user's figures", operation_id="get_user_stats", responses=fails())
async def of_user(request: Call, user_id: FromPath[UUID]) -> dict[Frame, wire.UserScore]:
    """What a user did, by time frame: only frames in which he did something, or all of them when there is none.

    Of a user who does not exist there is nothing.
    """
    now = datetime.now(UTC)
    found = await stats.scores(request.graph, str(user_id))
    shown = [each for each in found if each.score] or found
    return {each.frame: wire.user_score(each, viewer=None, now=now) for each in shown}


@get(
    "/{user_id:str}/stats/{time_frame:str}",
    summary="Read a user's figures of a time frame",
    operation_id="get_user_stats_of_time_frame",
    responses=fails(errors.UserNotFound),
)
async def of_user_in(request: Call, user_id: FromPath[UUID], time_frame: FromPath[Frame]) -> wire.UserScore:
    """What a user did within a time frame; zeros when that is nothing."""
    for each in await stats.scores(request.graph, str(user_id)):
        if each.frame is time_frame:
            return wire.user_score(each, viewer=None, now=datetime.now(UTC))
    raise errors.UserNotFound(id=user_id)


@get(
    "/{user_id:str}/stats/{time_frame:str}/window",
    summary="Read the leaderboard around a user",
    operation_id="get_user_stats_window",
    responses=fails(),
)
async def window(
    request: Call,
    user_id: FromPath[UUID],
    time_frame: FromPath[Frame],
    window_size: Annotated[int, QueryParameter(ge=1, le=100, description="how many besides the user")] = 5,
) -> wire.LeaderboardStats | None:
    """Who is ahead of a user and who is behind him; null when he is not on the board."""
    found = await stats.window(request.graph, str(user_id), time_frame, size=window_size)
    if not found:
        return None
    return wire.leaderboard(time_frame, found, viewer=str(user_id), now=datetime.now(UTC))


users = Router(
    "/users", route_handlers=[of_user, of_user_in, window], guards=[keyed], security=KEYED, tags=["statistics"]
)


# Boards


@get(
    "/leaderboards/{time_frame:str}",
    guards=[acting],
    security=ACTING,
    summary="Read a leaderboard",
    operation_id="get_leaderboard",
    responses=fails(errors.UserNotFound),
)
async def leaderboard(request: Call, time_frame: FromPath[Frame], max_count: MaxCount = 100) -> wire.LeaderboardStats:
    """Who did most within a time frame."""
    found = await stats.leaderboard(request.graph, time_frame, limit=max_count)
    return wire.leaderboard(time_frame, found, viewer=request.viewer_id, now=datetime.now(UTC))


@post(
    ["/leaderboards/update/{time_frame:str}"],
    status_code=204,
    guards=[trusted],
    summary="Bring a leaderboard up to date",
    operation_id="update_leaderboard",
    responses=_TRUSTED,
)
async def update(request: Call, time_frame: FromPath[Frame]) -> None:
    """Boards are up to date within a second by themselves; after this they are so now, whichever is named."""
    await boards.catch_up(request.graph, now=datetime.now(UTC))


@post(
    "/leaderboards/update",
    status_code=204,
    guards=[trusted],
    summary="Bring all leaderboards up to date",
    operation_id="update_leaderboards",
    responses=_TRUSTED,
)
async def update_all(request: Call) -> None:
    """Boards are up to date within a second by themselves; after this they are so now."""
    await boards.catch_up(request.graph, now=datetime.now(UTC))


@get(
    "/trollboards/{time_frame:str}",
    guards=[trusted],
    summary="Read a troll board",
    operation_id="get_trollboard",
    responses=_TRUSTED,
)
async def trollboard(
    request: Call,
    time_frame: FromPath[Frame],
    max_count: MaxCount = 100,
    enabled: Annotated[
        Flag | None,
        QueryParameter(description="only such users; all when not given", schema_extra={"type": "boolean"}),
    ] = None,
) -> wire.TrollboardStats:
    """Whose messages of a time frame others object to most."""
    whose = None if enabled is None else bool(enabled)
    found = await stats.troll_board(request.graph, time_frame, enabled=whose, limit=max_count)
    return wire.trollboard(time_frame, found, now=datetime.now(UTC))


# The whole


@get("/stats", guards=[trusted], summary="Count messages and trees", operation_id="get_stats", responses=_TRUSTED)
async def whole(request: Call) -> wire.SystemStats:
    """How many messages and trees there are."""
    return wire.system_stats(await boards.system_stats(request.graph))


async def _state_counts(request: Call) -> dict[str, int]:
    return boards.trees_by_state(await stats.states(request.graph))


async def _message_counts(request: Call, *, only_active: bool, limit: int) -> list[wire.TreeMessageCountStats]:
    chosen = [each for each in TreeState if each in ACTIVE or not only_active]
    return [
        wire.TreeMessageCountStats(
            message_tree_id=each.id,
            state=each.state,
            depth=each.depth,
            oldest=wire.moment(each.oldest),
            youngest=wire.moment(each.newest),
            count=each.posts,
            goal_tree_size=each.goal,
        )
        for each in await stats.tree_sizes(request.graph, chosen, limit=limit)
    ]


@get(
    "/stats/tree_manager/state_counts",
    guards=[trusted],
    summary="Count trees by state",
    operation_id="get_tree_manager_state_counts",
    responses=_TRUSTED,
)
async def state_counts(request: Call) -> dict[str, int]:
    """How many trees are in each state; a state that is not there has none."""
    return await _state_counts(request)


TreeCount = Annotated[int, QueryParameter(ge=1, le=100_000, description="how many trees of each state at most")]


@get(
    "/stats/tree_manager/message_counts",
    guards=[trusted],
    summary="Count messages by tree",
    operation_id="get_tree_manager_message_counts",
    responses=_TRUSTED,
)
async def message_counts(
    request: Call,
    only_active: Annotated[Flag, flag("Only trees on which something is still to be done.", default=True)] = YES,
    max_count: TreeCount = 1000,
) -> list[wire.TreeMessageCountStats]:
    """How far each tree has grown, oldest first."""
    return await _message_counts(request, only_active=bool(only_active), limit=max_count)


@get(
    "/stats/tree_manager",
    guards=[trusted],
    summary="Count trees and their messages",
    operation_id="get_tree_manager",
    responses=_TRUSTED,
)
async def tree_manager(request: Call, max_count: TreeCount = 1000) -> wire.TreeManagerStats:
    """Trees by state, and how far each active one has grown."""
    return wire.TreeManagerStats(
        state_counts=await _state_counts(request),
        message_counts=await _message_counts(request, only_active=True, limit=max_count),
    )


@get(
    "/stats/agreement",
    guards=[trusted],
    summary="Read how far people agree",
    operation_id="get_agreement_stats",
    responses=_TRUSTED,
)
async def agreement(
    request: Call,
    lang: Annotated[
        str | None, QueryParameter(description="only trees with this language tag; `en` does not include `en-US`")
    ] = None,
    max_count: Annotated[int, QueryParameter(ge=1, le=10_000, description="how many trees are looked at")] = 1000,
) -> wire.AgreementStats:
    """Krippendorff's alpha for each label, Kendall's W for rankings, and how reliable each user is.

    Computed anew from the first trees by id, which is as good as a draw where ids are made at random, and always the
    same one. It takes a second or two for every thousand trees.
    """
    measured, users = await agreed.both(
        request.graph,
        lang=wire.language(lang) if lang else None,
        trees=max_count,
        seconds=request.desk.settings.statement_timeout_sec,
    )
    return wire.agreement_stats(measured, users)


@get("/stats/cached", summary="Read all cached statistics", operation_id="get_cached_stats", responses=fails())
async def all_cached(request: Call) -> wire.AllCachedStatsResponse:
    """Statistics that are made anew each hour."""
    kept = [_cached(each) for each in await stats.cached(request.graph)]
    return wire.AllCachedStatsResponse(stats_by_name={each.name: each for each in kept})


@get(
    "/stats/cached/{name:str}",
    summary="Read one of the cached statistics",
    operation_id="get_cached_stats_by_name",
    responses=fails(errors.StatsNotReady),
)
async def cached(request: Call, name: FromPath[wire.CachedStatsName]) -> wire.CachedStatsResponse:
    """One of the statistics that are made anew each hour."""
    for each in await stats.cached(request.graph):
        if each.name == name:
            return _cached(each)
    raise StatsNotReady(name=name.value)


def _cached(kept: stats.Cached) -> wire.CachedStatsResponse:
    return wire.CachedStatsResponse.model_validate(
        {"name": kept.name, "last_updated": wire.moment(kept.updated), "stats": kept.stats}
    )


@post(
    "/stats/cached/update",
    status_code=204,
    guards=[trusted],
    summary="Refresh the cached statistics",
    operation_id="update_cached_stats",
    responses=_TRUSTED,
)
async def refresh(request: Call) -> None:
    """Makes them anew now."""
    now = datetime.now(UTC)
    await boards.catch_up(request.graph, now=now)
    await boards.refresh(request.graph, now=now)


router = Router(
    "/",
    route_handlers=[
        leaderboard,
        update,
        update_all,
        trollboard,
        whole,
        state_counts,
        message_counts,
        tree_manager,
        agreement,
        all_cached,
        cached,
        refresh,
    ],
    guards=[keyed],
    security=KEYED,
    tags=["statistics"],
)
