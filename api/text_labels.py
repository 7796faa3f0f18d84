"""Labels: which there are, and labels given outside of tasks: remarks and reports."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import JSONBody, QueryParameter

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.document import KEYED, OPEN, error_responses
from oa_graph.api.errors import bad_request
from oa_graph.api.keys import requires_key
from oa_graph.api.request import ApiRequest
from oa_graph.api.tasks import ANSWER_FAILS
from oa_graph.posts import REPORT_LABELS


@post(
    "/",
    status_code=204,
    guards=[requires_key],
    security=KEYED,
    exception_handlers={Exception: bad_request},
    summary="Label or report a message",
    operation_id="label_text",
    responses=error_responses(*ANSWER_FAILS),
)
async def label(request: ApiRequest, data: JSONBody[wire.TextLabels]) -> None:
    """Label a message: as a remark, as a report, or as the answer to the task that `task_id` names."""
    await request.collection.tasks.submit(data.answer(), client=request.auth, user=data.user.identity())


@get(
    "/valid_labels",
    guards=[requires_key],
    security=KEYED,
    summary="List labels",
    operation_id="get_valid_labels",
    responses=error_responses(errors.PostNotFound),
)
async def valid(
    request: ApiRequest,
    message_id: Annotated[UUID | None, QueryParameter(description="the message to label")] = None,
) -> wire.ValidLabelsResponse:
    """The labels that suit a message; without one every label but `fails_task`."""
    return wire.valid_labels(await request.collection.posts.valid_labels(str(message_id) if message_id else None))


@get("/report_labels", security=OPEN, summary="List labels for reports", operation_id="get_report_labels")
async def report() -> wire.ValidLabelsResponse:
    """The labels that a report may carry."""
    return wire.valid_labels(REPORT_LABELS)


router = Router("/text_labels", route_handlers=[label, valid, report], tags=["labels"])
