"""Tasks: asked for, acknowledged or refused, answered, closed."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Response, Router, post
from litestar.datastructures import ResponseHeader
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.document import ACTING, KEYED, error_responses
from oa_graph.api.keys import named_user, requires_key, resolves_user
from oa_graph.api.request import ApiRequest
from oa_graph.domain.limits import Quota
from oa_graph.policy import rates

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="A key of the frontend's own making for this request, such as a UUID. The same request with the "
        "same key gets the same task again, whatever has become of it, and counts against no limit. It is kept as long "
        "as the task. A request that got no task keeps nothing.",
    ),
]


@post(
    "/",
    status_code=200,
    summary="Ask for a task",
    operation_id="request_task",
    responses=error_responses(
        errors.UserNotSpecified,
        errors.TooManyPending,
        errors.TooManyRequests,
        errors.TermsNotAccepted,
        errors.NothingToHandOut,
        errors.UserDisabled,
        errors.IdempotencyKeyReused,
    ),
)
async def request_task(
    request: ApiRequest, data: JSONBody[wire.TaskRequest], idempotency_key: IdempotencyKey = None
) -> wire.AnyTask:
    """Hand out one piece of work to a user. The place is reserved for a while; answer or refuse it.

    When there is none, the status is 503 with code 1006, as in the original: `reason` tells why, and `Retry-After` and
    `retry_at` when to ask again. A user who has too many open tasks (1012) or asks too often (429) is told until when
    the limit holds.
    """
    quotas = _quotas(request, data)
    if data.user is None:  # refused below, but counted
        await request.collection.tasks.count_request(quotas)
    user = data.identity()
    task = await request.collection.tasks.request(
        data.kind(now=request.collection.context.clock()),
        langs=data.languages,
        collective=data.collective,
        client=request.auth,
        user=user,
        quotas=quotas,
        idempotency_key=idempotency_key,
    )
    return wire.task(task, viewer=task.user, show_authors=request.collection.context.limits.show_authors_in_judgements)


def _quotas(request: ApiRequest, data: wire.TaskRequest) -> tuple[Quota, ...]:
    """What the request counts against; its user is who the frontend says is acting, else who wants the task."""
    user = data.user and (named_user(request) or data.user.named)
    return rates.quotas(request.collection.context.rate_limits, client=request.auth, user=user, kind=data.type)


@post(
    "/availability",
    status_code=200,
    summary="Count the tasks there are",
    operation_id="tasks_availability",
    responses=error_responses(errors.UserNotSpecified),
)
async def availability(
    request: ApiRequest,
    data: JSONBody[wire.User | None] = None,
    lang: Annotated[str, QueryParameter(max_length=32, description="empty means `en`")] = wire.DEFAULT_LANG,
) -> wire.TaskAvailability:
    """How many tasks of each kind the user could be given. Cheap, and changes nothing."""
    counts = await request.collection.tasks.availability(
        lang=wire.language(lang or wire.DEFAULT_LANG), client=request.auth, user=wire.someone(data)
    )
    return wire.availability(counts)


_LEASE = "X-OASST-Lease"


@post(
    "/{task_id:str}/ack",
    status_code=204,
    guards=[resolves_user],
    security=ACTING,
    summary="Acknowledge a task",
    operation_id="acknowledge_task",
    responses=error_responses(
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
            "longer free, or can be renewed no more; an answer is taken all the same. Absent for a task that holds no "
            "place. A structured field (RFC 9651): a token with a parameter.",
        )
    ],
)
async def acknowledge(request: ApiRequest, task_id: FromPath[UUID], data: JSONBody[wire.TaskAck]) -> Response[None]:
    """Bind the task to the frontend's `message_id`, and reserve its place anew.

    Send the same again to renew the reservation while the user is at work; `X-OASST-Lease` tells how long it holds.
    """
    lease = await request.collection.tasks.acknowledge(
        str(task_id),
        message_id=data.message_id,
        further_ids=data.message_ids,
        client=request.auth,
        user=request.user,
    )
    return Response(None, headers={_LEASE: wire.lease(lease)} if lease else None)


@post(
    "/{task_id:str}/renew",
    status_code=200,
    guards=[resolves_user],
    security=ACTING,
    summary="Renew the lease of a task",
    operation_id="renew_task",
    responses=error_responses(
        errors.TaskNotFound,
        errors.UserNotFound,
        errors.TaskExpired,
        errors.NotYourTask,
    ),
)
async def renew(request: ApiRequest, task_id: FromPath[UUID]) -> wire.TaskLease:
    """Keep the place reserved while the user is at work, before or after the ack.

    A place whose reservation has lapsed is taken again if it is still free. After `lease_max_sec` nothing is renewed.
    An answer is taken in any case.
    """
    lease = await request.collection.tasks.renew(str(task_id), client=request.auth, user=request.user)
    return wire.task_lease(lease)


@post(
    "/{task_id:str}/nack",
    status_code=204,
    guards=[resolves_user],
    security=ACTING,
    summary="Refuse a task",
    operation_id="refuse_task",
    responses=error_responses(
        errors.AnswerWithoutTask,
        errors.UserNotFound,
        errors.TaskExpired,
        errors.TaskAlreadyDone,
        errors.NotYourTask,
    ),
)
async def refuse(request: ApiRequest, task_id: FromPath[UUID], data: JSONBody[wire.TaskNAck]) -> None:
    """The user skips the task, before or after its ack. Without an acting user it is the task's own."""
    await request.collection.tasks.refuse(str(task_id), reason=data.reason, client=request.auth, user=request.user)


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
    "/interaction",
    status_code=200,
    summary="Answer a task",
    operation_id="answer_task",
    responses=error_responses(*ANSWER_FAILS),
)
async def answer(request: ApiRequest, data: JSONBody[wire.Interaction]) -> wire.TaskDone:
    """A user's answer: a text, a ranking, labels or a vote on the end of a conversation.

    `text_labels` without `task_id` answer no task: they are kept as a remark of the user about the message, as by
    `POST /text_labels/`, and a task that the user holds for it stays open.
    """
    done = await request.collection.tasks.submit(data.answer(), client=request.auth, user=data.user.identity())
    return wire.done(done)


@post(
    "/close",
    status_code=200,
    summary="Close a collective task",
    operation_id="close_task",
    responses=error_responses(
        errors.TaskNotFound,
        errors.TaskExpired,
        errors.TaskAlreadyDone,
        errors.NotCollective,
    ),
)
async def close(request: ApiRequest, data: JSONBody[wire.TaskClose]) -> wire.TaskDone:
    """End a collective task."""
    return wire.done(await request.collection.tasks.close(data.message_id, client=request.auth))


router = Router(
    "/tasks",
    route_handlers=[request_task, availability, acknowledge, renew, refuse, answer, close],
    guards=[requires_key],
    security=KEYED,
    tags=["tasks"],
)
