"""Guidelines: the current ones, and any version by its id."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Response, Router, get
from litestar.datastructures import ResponseHeader
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, HeaderParameter

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.document import KEYED, error_responses
from oa_graph.api.keys import requires_key
from oa_graph.api.request import ApiRequest


@get("/", summary="List the guidelines", operation_id="list_guidelines", responses=error_responses())
async def current(request: ApiRequest) -> list[wire.GuidelineSummary]:
    """The current guideline of each kind of task and language, without its text."""
    return [wire.guideline_summary(guideline) for guideline in await request.collection.guidelines.current()]


_NOT_MODIFIED = ResponseSpec(None, generate_examples=False, description="The text is the one that is known.")


@get(
    "/{guideline_id:str}",
    summary="Read a guideline",
    operation_id="get_guideline",
    responses={304: _NOT_MODIFIED, **error_responses(errors.GuidelineNotFound)},
    response_headers=[ResponseHeader("ETag", documentation_only=True, description="Names this version.")],
)
async def one(
    request: ApiRequest,
    guideline_id: FromPath[UUID],
    if_none_match: Annotated[
        str | None, HeaderParameter(name="If-None-Match", description="The `ETag` of a text that is known.")
    ] = None,
) -> Response[wire.Guideline | None]:
    """A version of a guideline with its text. Versions never change; a task names the one that it shows."""
    guideline = await request.collection.guidelines.get(str(guideline_id))
    etag = f'"{guideline.id}"'
    known = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    if known & {etag, "*"}:
        return Response(None, status_code=304, headers={"ETag": etag})
    return Response(wire.guideline(guideline), headers={"ETag": etag})


router = Router(
    "/guidelines",
    route_handlers=[current, one],
    guards=[requires_key],
    security=KEYED,
    tags=["tasks"],
)
