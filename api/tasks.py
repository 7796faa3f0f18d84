"""Tasks: asked for, acknowledged or refused, answered, closed."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Response, Router, post
from litestar.datastructures import ResponseHeader
from litestar.params import FromPath, JSONBody, QueryParameter

from oa_graph import errors, protocol
from oa_graph.api import wire
from oa_graph.api.call import Call
from oa_graph.api.document import ACTING, KEYED, fails
from oa_graph.api.keys import acting, keyed, named_user
from oa_graph.model import Quota
from oa_graph.policy import rates


@post(
    "/",
    status_code=200,
    summary="Ask for a task",
    operation_id="request_task",
    responses=fails(
        errors.UserNotSpecified,
        errors.TooManyPending,
        errors.TooManyRequests,
        errors.TermsNotAccepted,
        errors.NothingToHandOut,
        errors.UserDisabled,
    ),
)
async def request_task(request: Call, data: JSONBody[wire.TaskRequest]) -> wire.AnyTask:
    """Hand out one piece of work to a user. The place is reserved for a while; answer or refuse it.

    When there is none, the status is 503 with code 1006, as in the original: `reason` tells why, and `Retry-After` when
    to ask again.
    """
    quotas = _quotas(request, data)
    if data.user is None:  # refused below, but counted
        await protocol.count_request(request.graph, quotas)
    task = await protocol.hand_out(
        request.graph, request.limits, rng=request.rng, ask=data.by(request.caller), quotas=quotas
    )
    return wire.task(task, viewer=task.user, show_authors=request.limits.show_authors_in_judgements)


def _quotas(request: Call, data: wire.TaskRequest) -> tuple[Quota, ...]:
    """What the request counts against; its user is who the frontend says is acting, else who wants the task."""
    user = data.user and (named_user(request) or data.user.named)
    return rates.quotas(request.desk.rates, client=request.caller.id, user=user, kind=data.type)


@post(
    "/availability",
    status_code=200,
    summary="Count the tasks there are",
    operation_id="tasks_availability",
    responses=fails(errors.UserNotSpecified),
)
async def availability(
    request: Call,
    data: JSONBody[wire.User | None] = None,
    lang: Annotated[str, QueryParameter(max_length=32, description="empty means `en`")] = wire.DEFAULT_LANG,
) -> wire.TaskAvailability:
    """How many tasks of each kind the user could be given. Cheap, and changes nothing."""
    counts = await protocol.availability(
        request.graph,
        request.limits,
        client=request.caller,
        person=wire.someone(data),
        lang=wire.language(lang or wire.DEFAULT_LANG),
    )
    return wire.availability(counts)


_LEASE = "X-OASST-Lease"


@post(
    "/{task_id:str}/ack",
    status_code=204,
    guards=[acting],
    security=ACTING,
    summary="Acknowledge a task",
    operation_id="acknowledge_task",
    responses=fails(
        errors.TaskNotFound,
        errors.UserNotFound,
        errors.TaskExpired,
        errors.TaskAlreadyAcknowledged,
        errors.NotYourTask,
    ),
    response_headers=[
        ResponseHeader(
            _LEASE,
            documentation_only=True,
            description="Whether the place is reserved for this task, and until when: "
            '`held; until="2026-11-28T20:35:26Z"`, or `lost` when the reservation had lapsed and the place is no '
            "longer free; an answer is taken all the same. Absent for a task that holds no place. A structured field "
            "(RFC 9651): a token with a parameter.",
        )
    ],
)
async def acknowledge(request: Call, task_id: FromPath[UUID], data: JSONBody[wire.TaskAck]) -> Response[None]:
    """Bind the task to the frontend's `message_id`, and reserve its place anew.

    Send the same again to renew the reservation while the user is at work; `X-OASST-Lease` tells how long it holds.
    """
    lease = await protocol.acknowledge(
        request.graph,
        request.limits,
        client=request.caller,
        task_id=str(task_id),
        ack=data.message_id,
        user=request.viewer,
    )
    return Response(None, headers={_LEASE: wire.lease(lease)} if lease else None)


@post(
    "/{task_id:str}/nack",
    status_code=204,
    guards=[acting],
    security=ACTING,
    summary="Refuse a task",
    operation_id="refuse_task",
    responses=fails(
        errors.AnswerWithoutTask,
        errors.UserNotFound,
        errors.TaskExpired,
        errors.TaskAlreadyDone,
        errors.NotYourTask,
    ),
)
async def refuse(request: Call, task_id: FromPath[UUID], data: JSONBody[wire.TaskNAck]) -> None:
    """The user skips the task, before or after its ack. Without an acting user it is the task's own."""
    await protocol.refuse(
        request.graph,
        request.limits,
        rng=request.rng,
        client=request.caller,
        task_id=str(task_id),
        reason=data.reason,
        user=request.viewer,
    )


ANSWER_FAILS = (
    errors.AnswerWithoutTask,
    errors.PostNotFound,
    errors.NotYourTask,
    errors.TermsNotAccepted,
    errors.TaskNotAcknowledged,
    errors.TaskAlreadyDone,
    errors.TaskExpired,
    errors.TreeClosed,
    errors.TextTooLong,
    errors.TextDuplicated,
    errors.DuplicateReply,
    errors.PostIdTaken,
    errors.WrongAnswer,
    errors.UnexpectedText,
    errors.InvalidRanking,
    errors.CorruptRanking,
    errors.LabelsForAnotherPost,
    errors.LabelNotInTask,
    errors.MandatoryLabelMissing,
    errors.SelfReview,
    errors.ReviewedBefore,
    errors.UserDisabled,
)


@post(
    "/interaction", status_code=200, summary="Answer a task", operation_id="answer_task", responses=fails(*ANSWER_FAILS)
)
async def answer(request: Call, data: JSONBody[wire.Interaction]) -> wire.TaskDone:
    """A user's answer: a text, a ranking or labels.

    `text_labels` without `task_id` answer no task: they are kept as a remark of the user about the message, as by
    `POST /text_labels/`, and a task that the user holds for it stays open.
    """
    done = await protocol.settle(
        request.graph,
        request.limits,
        rng=request.rng,
        client=request.caller,
        person=data.user.person(),
        answer=data.answer(),
    )
    return wire.done(done)


@post(
    "/close",
    status_code=200,
    summary="Close a collective task",
    operation_id="close_task",
    responses=fails(
        errors.TaskNotFound,
        errors.TaskExpired,
        errors.TaskAlreadyDone,
        errors.NotCollective,
    ),
)
async def close(request: Call, data: JSONBody[wire.TaskClose]) -> wire.TaskDone:
    """Ends a collective task."""
    return wire.done(await protocol.close(request.graph, client=request.caller, ack=data.message_id))


router = Router(
    "/tasks",
    route_handlers=[request_task, availability, acknowledge, refuse, answer, close],
    guards=[keyed],
    security=KEYED,
    tags=["tasks"],
)
