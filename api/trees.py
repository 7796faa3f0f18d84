"""Trees in lists; `oa_graph.api.messages` has what is in them."""

from __future__ import annotations

from typing import Annotated

from litestar import Router, get
from litestar.params import QueryParameter

from oa_graph import errors
from oa_graph.api import listings, pages, wire
from oa_graph.api.document import KEYED, error_responses
from oa_graph.api.keys import requires_key
from oa_graph.api.pages import Cursors
from oa_graph.api.query_params import NO
from oa_graph.api.request import ApiRequest
from oa_graph.domain.listings import FIRST_ID, LAST_ID, Bound, PageRange, TreeFilter
from oa_graph.domain.trees import TreeState


@get(
    "/",
    summary="List trees",
    operation_id="list_trees",
    responses=error_responses(errors.InvalidCursor, errors.IncompleteCursor),
)
async def listing(
    request: ApiRequest,
    states: Annotated[
        list[TreeState] | None,
        QueryParameter(name="state", description="Only trees in one of these states; may be repeated."),
    ] = None,
    lang: Annotated[str | None, QueryParameter(description="Only trees with this language tag.")] = None,
    start_date: listings.StartDate = None,
    end_date: listings.EndDate = None,
    after: Annotated[str | None, QueryParameter(description="The trees that follow this cursor.")] = None,
    max_count: Annotated[int, QueryParameter(ge=1, le=1000, description="How many trees at most.")] = 50,
    include_deleted: listings.IncludeDeleted = NO,
) -> wire.TreePage:
    """Trees by the time when they began, newest first, each with its prompt."""
    cursors = Cursors(None, after, max_count, True, pages.moment)
    span = PageRange(
        low=Bound(start_date.at, FIRST_ID) if start_date else None,
        high=cursors.span().high or (Bound(end_date.at, LAST_ID) if end_date else None),
        desc=True,
        limit=max_count + 1,
    )
    where = TreeFilter(
        states=frozenset(states or TreeState),
        lang=wire.language(lang) if lang else None,
        include_deleted=bool(include_deleted),
    )
    shown, has_more = cursors.cut(await request.collection.posts.trees(span, where=where))
    next = pages.cursor(shown[-1].id, wire.moment(shown[-1].created)) if has_more else None
    return wire.TreePage(items=wire.listed_trees(shown), next=next)


router = Router("/trees", route_handlers=[listing], guards=[requires_key], security=KEYED, tags=["messages"])
