"""Labels: which there are, and labels given outside of tasks: remarks and reports."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import JSONBody, QueryParameter

from oa_graph import errors, protocol
from oa_graph.api import wire
from oa_graph.api.call import Call
from oa_graph.api.document import KEYED, OPEN, fails
from oa_graph.api.errors import bad_request
from oa_graph.api.keys import keyed
from oa_graph.api.tasks import ANSWER_FAILS
from oa_graph.api.wire import TextLabel
from oa_graph.graph import posts
from oa_graph.model import Limits, Post, Role

REPORTABLE = (
    TextLabel.SPAM,
    TextLabel.NOT_APPROPRIATE,
    TextLabel.PII,
    TextLabel.HATE_SPEECH,
    TextLabel.SEXUAL_CONTENT,
    TextLabel.MORAL_JUDGEMENT,
    TextLabel.POLITICAL_CONTENT,
    TextLabel.TOXICITY,
    TextLabel.VIOLENCE,
    TextLabel.QUALITY,
)
FREE = tuple(each for each in TextLabel if each is not TextLabel.FAILS_TASK)


def valid_labels(post: Post, limits: Limits) -> tuple[str, ...]:
    """The labels that suit this kind of message."""
    if post.role is Role.ASSISTANT:
        return limits.labels_assistant_reply
    return limits.labels_initial_prompt if post.parent is None else limits.labels_prompter_reply


@post(
    "/",
    status_code=204,
    guards=[keyed],
    security=KEYED,
    exception_handlers={Exception: bad_request},
    summary="Label or report a message",
    operation_id="label_text",
    responses=fails(*ANSWER_FAILS),
)
async def label(request: Call, data: JSONBody[wire.TextLabels]) -> None:
    """Labels a message: as a remark, as a report, or as the answer to the task that `task_id` names."""
    await protocol.settle(
        request.graph,
        request.limits,
        rng=request.rng,
        client=request.caller,
        person=data.user.person(),
        answer=data.answer(),
    )


@get(
    "/valid_labels",
    guards=[keyed],
    security=KEYED,
    summary="List labels",
    operation_id="get_valid_labels",
    responses=fails(errors.PostNotFound),
)
async def valid(
    request: Call,
    message_id: Annotated[UUID | None, QueryParameter(description="the message to label")] = None,
) -> wire.ValidLabelsResponse:
    """The labels that suit a message; without one every label but `fails_task`."""
    names = FREE
    if message_id is not None:
        found = await posts.post(request.graph, str(message_id), viewer=None)
        names = valid_labels(found, request.limits)
    return wire.valid_labels(names)


@get("/report_labels", security=OPEN, summary="List labels for reports", operation_id="get_report_labels")
async def report() -> wire.ValidLabelsResponse:
    """The labels that a report may carry."""
    return wire.valid_labels(REPORTABLE)


router = Router("/text_labels", route_handlers=[label, valid, report], tags=["labels"])
