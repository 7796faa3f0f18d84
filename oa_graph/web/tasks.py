"""Tasks: request one, answer it, skip it, report a message."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from oa_graph.domain.posts import TextLabel
from oa_graph.domain.tasks import LabelAnswer, Task, TaskKind
from oa_graph.errors import (
    AnswerWithoutTask,
    IdempotencyKeyReused,
    NoTask,
    NothingToHandOut,
    NotNow,
    NotValid,
    TaskAlreadyDone,
    TaskExpired,
    TaskNotFound,
)
from oa_graph.installation import PAGES
from oa_graph.policy import rates
from oa_graph.posts import REPORT_LABELS
from oa_graph.web import answers, labels
from oa_graph.web.cookies import preference_cookie
from oa_graph.web.explanations import explanation, nothing_to_do
from oa_graph.web.kinds import WORK_CHOICES, WorkChoice, words_of, work_choice
from oa_graph.web.render import page, see_other
from oa_graph.web.request import PageRequest

_WORK_COOKIE = "oa-graph-work"
_REASON_LENGTH = 500
_KEY_LENGTH = 255


@get("/tasks")
async def overview(request: PageRequest, done: FromQuery[str] = "", reason: FromQuery[str] = "") -> Response[Any]:
    """Show the open tasks and the choice of the next one. `done`: the task whose answer was just stored."""
    return page(
        request,
        "tasks.html",
        open_tasks=await request.collection.tasks.open(request.me),
        chosen_work=_chosen_work(request),
        work_choices=WORK_CHOICES,
        words_of=words_of,
        done=done,
        problem=nothing_to_do(request, reason) if reason else None,
    )


def _chosen_work(request: PageRequest) -> WorkChoice:
    return work_choice(request.cookies.get(_WORK_COOKIE, ""))


@post("/tasks/next")
async def next_task(request: PageRequest) -> Response[Any]:
    """Request a task of the chosen work."""
    work = work_choice(await request.field("work"))
    cookies = [preference_cookie(request, _WORK_COOKIE, work.name)]
    try:
        task = await _request_task(request, work, key=await request.field("request_id"))
    except NoTask as error:
        return see_other(f"/tasks?reason={error.values['reason']}", cookies)
    return see_other(f"/tasks/{task.id}", cookies)


async def _request_task(request: PageRequest, work: WorkChoice, *, key: str) -> Task:
    """Request a task of the first kind of this work that has one. A form that is sent twice gets the same task.

    Raise NoTask.
    """
    problem: NoTask | None = None
    for kind in work.kinds:
        try:
            task = await request.collection.tasks.request(
                kind,
                langs=request.work_languages,
                client=PAGES,
                user=request.identity,
                quotas=_quotas(request, kind),
                idempotency_key=f"{request.me.id} {kind} {key}"[:_KEY_LENGTH] if key else None,
            )
        except NothingToHandOut as error:
            problem = error
        except IdempotencyKeyReused:  # the form is sent again, and the choice of work or languages has changed since
            return await _request_task(request, work, key="")
        else:
            await request.collection.tasks.acknowledge(
                task.id, message_id=answers.message_id(task.id), client=PAGES, user=request.me
            )
            return task
    assert problem, "each work has a kind"
    raise problem


def _quotas(request: PageRequest, kind: TaskKind | None) -> Any:
    rate_limits = request.collection.context.rate_limits
    user = f"{request.me.method}:{request.me.name}"
    return rates.quotas(rate_limits, client=PAGES, user=user, kind=kind or "random")


@get("/tasks/{task_id:uuid}")
async def task(request: PageRequest, task_id: FromPath[UUID], done: FromQuery[str] = "") -> Response[Any]:
    """Show a task. `done`: the task whose answer was just stored."""
    try:
        open_task = await request.collection.tasks.open_task(str(task_id), user=request.me)
    except TaskNotFound:
        return page(request, "task_over.html", status=404, done=done, message="", written="")
    return _task_page(request, open_task.task, done=done)


def _task_page(
    request: PageRequest,
    task: Task,
    *,
    done: str = "",
    problem: str = "",
    submission: answers.Submission | None = None,
    status: int = 200,
) -> Response[Any]:
    limits = request.collection.context.limits
    return page(
        request,
        "task.html",
        status=status,
        task=task,
        words=words_of(task.kind),
        questions=answers.questions(task),
        label_words=labels.WORDS,
        lease_sec=limits.lease_sec,
        text_limit=limits.message_size_limit,
        work_languages=request.work_languages,
        done=done,
        problem=problem,
        submission=submission or answers.Submission(),
    )


@post("/tasks/{task_id:uuid}")
async def answer(request: PageRequest, task_id: FromPath[UUID]) -> Response[Any]:
    """Store an answer, and go on with the next task. An answer that is sent twice is stored once."""
    id, submission = str(task_id), await answers.read_submission(request)
    try:
        await request.collection.tasks.submit(answers.answer(id, submission), client=PAGES, user=request.identity)
    except answers.Incomplete as error:
        return await _not_stored(request, id, submission, request.gettext(str(error)))
    except (NotNow, NotValid, AnswerWithoutTask) as error:
        is_over = isinstance(error, (TaskAlreadyDone, TaskExpired, AnswerWithoutTask))
        return await _not_stored(request, id, submission, explanation(request, error), is_over=is_over)
    return await _go_on(request, id)


async def _not_stored(
    request: PageRequest, id: str, submission: answers.Submission, message: str, *, is_over: bool = False
) -> Response[Any]:
    """Show the form again, filled in; if the task is over, show the text to copy."""

    def over(status: int) -> Response[Any]:
        return page(request, "task_over.html", status=status, done="", message=message, written=submission.text)

    if is_over:
        return over(409)
    try:
        open_task = await request.collection.tasks.open_task(id, user=request.me)
    except TaskNotFound:
        return over(409)
    except NotNow:
        return over(503)
    return _task_page(request, open_task.task, problem=message, submission=submission, status=422)


async def _go_on(request: PageRequest, done: str) -> Response[Any]:
    """Redirect to the next task after an answer or a skip, or to the overview if there is none."""
    try:
        task = await _request_task(request, _chosen_work(request), key=f"after {done}")
    except NoTask as error:
        return see_other(f"/tasks?done={done}&reason={error.values['reason']}")
    except NotNow:  # the answer is stored; the next page says what is the matter
        return see_other(f"/tasks?done={done}")
    return see_other(f"/tasks/{task.id}?done={done}")


@post("/tasks/{task_id:uuid}/renew")
async def renew(request: PageRequest, task_id: FromPath[UUID]) -> dict[str, Any]:
    """Renew the lease of a task. The script calls it while the user is active."""
    try:
        lease = await request.collection.tasks.renew(str(task_id), client=PAGES, user=request.me)
    except (TaskNotFound, TaskExpired):
        lease = None
    until = lease.until.isoformat() if lease and lease.until else None
    is_over = lease is None or (
        lease.renewable_until is not None and lease.renewable_until <= request.collection.context.clock()
    )
    return {"until": until, "is_over": is_over}


@post("/tasks/{task_id:uuid}/skip")
async def skip(request: PageRequest, task_id: FromPath[UUID]) -> Response[Any]:
    """Skip a task, and go on with the next one."""
    reasons = [await request.field("reason"), await request.field("note")]
    reason = ": ".join(part.strip() for part in reasons if part.strip())[:_REASON_LENGTH]
    try:
        await request.collection.tasks.refuse(str(task_id), reason=reason or None, client=PAGES, user=request.me)
    except (AnswerWithoutTask, TaskAlreadyDone, TaskExpired):
        return see_other("/tasks")
    return await _go_on(request, str(task_id))


@get("/messages/{message_id:uuid}/report")
async def report_form(request: PageRequest, message_id: FromPath[UUID], task_id: FromQuery[str] = "") -> Response[Any]:
    """Show the form to report a message."""
    return await _report_page(request, str(message_id), task_id)


async def _report_page(request: PageRequest, id: str, task_id: str, *, problem: str = "") -> Response[Any]:
    return page(
        request,
        "report.html",
        status=422 if problem else 200,
        message=await request.collection.posts.get(id),
        labels=[label for label in REPORT_LABELS if labels.widget(label) != "scale"],
        label_words=labels.WORDS,
        back=_task_address(task_id),
        task_id=task_id,
        problem=problem,
    )


def _task_address(task_id: str) -> str:
    try:
        return f"/tasks/{UUID(task_id)}"
    except ValueError:
        return "/tasks"


@post("/messages/{message_id:uuid}/report")
async def report(request: PageRequest, message_id: FromPath[UUID]) -> Response[Any]:
    """Store a report, and offer the way back to the task."""
    task_id, note = await request.field("task_id"), (await request.field("note")).strip()
    chosen = await request.fields("label")
    chosen_labels = {label.value: 1.0 for label in TextLabel if label.value in chosen and label in REPORT_LABELS}
    if not (chosen_labels or note):
        problem = request.gettext("Please say what is wrong.")
        return await _report_page(request, str(message_id), task_id, problem=problem)
    await request.collection.tasks.submit(
        LabelAnswer(task=None, post=str(message_id), text=note, labels=chosen_labels, is_report=True),
        client=PAGES,
        user=request.identity,
    )
    return page(request, "reported.html", back=_task_address(task_id))


@get("/guidelines/{guideline_id:str}")
async def guideline(request: PageRequest, guideline_id: FromPath[str]) -> Response[Any]:
    """Show a whole guideline, in the version of a task."""
    text = await request.collection.guidelines.get(guideline_id)
    return page(request, "guideline.html", guideline=text, words=words_of(text.kind))
