"""What a frontend does with a task beside answering it: acknowledge, renew, refuse, close, list what is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from oa_graph import graph, tree_lifecycle
from oa_graph.context import Context
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import Lease, OpenTask
from oa_graph.domain.trees import TreeState
from oa_graph.domain.users import ApiClient, User
from oa_graph.errors import AnswerWithoutTask, NotCollective, TaskAlreadyAcknowledged, TaskNotFound
from oa_graph.graph.outcomes import TaskOutcome
from oa_graph.graph.session import Tx
from oa_graph.graph.tasks import TaskResult
from oa_graph.graph.telemetry import record_task
from oa_graph.tasks.assignment import shown
from oa_graph.tasks.outcomes import done_id, task_error

_MAX_OPEN_TASKS = 100
"""How many of a user's newest open tasks are listed."""


async def acknowledge(
    context: Context, *, client: ApiClient, task_id: str, message_ids: Sequence[str], user: User | None
) -> Lease | None:
    """Do what `Tasks.acknowledge` describes."""
    message_id, *further = message_ids
    result = await graph.tasks.acknowledge(
        context.store,
        client=client.id,
        task=task_id,
        ack=message_id,
        further=further,
        user=user.id if user else None,
        now=context.clock(),
        limits=context.limits,
    )
    record_task(result.kind, result.outcome)
    match result.outcome:
        case TaskOutcome.ACKNOWLEDGED:
            return result.lease
        case TaskOutcome.NO_TASK:
            raise TaskNotFound(id=task_id)
        case TaskOutcome.DONE:
            raise TaskAlreadyAcknowledged(id=task_id, ack=message_id, why="it is done")
        case TaskOutcome.OTHER_ACK:
            raise TaskAlreadyAcknowledged(id=task_id, ack=message_id, why="it has another id already")
        case TaskOutcome.ACK_TAKEN:
            raise TaskAlreadyAcknowledged(id=task_id, ack=", ".join(message_ids), why="another task has that id")
        case _:
            raise task_error(result, task_id, user)


async def renew(context: Context, *, client: ApiClient, task_id: str, user: User | None) -> Lease | None:
    """Do what `Tasks.renew` describes."""
    result = await graph.tasks.renew(
        context.store,
        client=client.id,
        task=task_id,
        user=user.id if user else None,
        now=context.clock(),
        limits=context.limits,
    )
    record_task(result.kind, result.outcome)
    match result.outcome:
        case TaskOutcome.RENEWED:
            return result.lease
        case TaskOutcome.NO_TASK:
            raise TaskNotFound(id=task_id)
        case _:
            raise task_error(result, task_id, user)


async def open_tasks(context: Context, *, user: User) -> list[OpenTask]:
    """Do what `Tasks.open` describes."""
    listed = await graph.tasks.open_tasks(context.store, user.id, limit=_MAX_OPEN_TASKS, now=context.clock())
    return [_as_shown(open_task, context.limits) for open_task in listed]


async def open_task(context: Context, *, task_id: str, user: User) -> OpenTask:
    """Do what `Tasks.open_task` describes."""
    known = await graph.tasks.open_task(context.store, task_id, user=user.id, now=context.clock())
    if known is None:
        raise TaskNotFound(id=task_id)
    return _as_shown(known, context.limits)


def _as_shown(open_task: OpenTask, limits: Limits) -> OpenTask:
    task = open_task.task
    shown_task = replace(task, thread=shown(task.thread, limits), candidates=shown(task.candidates, limits))
    return replace(open_task, task=shown_task)


async def refuse(context: Context, *, client: ApiClient, task_id: str, reason: str | None, user: User | None) -> None:
    """Do what `Tasks.refuse` describes."""

    async def work(tx: Tx) -> TaskResult:
        step = context.step(tx)
        result = await graph.tasks.refuse(
            tx, client=client.id, task=task_id, reason=reason, user=user.id if user else None, now=step.now
        )
        if result.outcome is TaskOutcome.REFUSED and result.tree_id and result.state:
            state = TreeState(result.state)
            await tree_lifecycle.after_skip(step, tree=result.tree_id, state=state, skips=result.skips)
        return result

    result = await context.store.transact(work)
    record_task(result.kind, result.outcome)
    if result.outcome is TaskOutcome.NO_TASK:
        raise AnswerWithoutTask(id=task_id)
    if result.outcome is not TaskOutcome.REFUSED:
        raise task_error(result, task_id, user)


async def close(context: Context, *, client: ApiClient, message_id: str) -> str:
    """Do what `Tasks.close` describes."""
    result = await graph.tasks.close(context.store, client=client.id, ack=message_id, now=context.clock())
    record_task(result.kind, result.outcome)
    match result.outcome:
        case TaskOutcome.CLOSED:
            return done_id(result.task_id, None)
        case TaskOutcome.NO_TASK:
            raise TaskNotFound(id=message_id)
        case TaskOutcome.NOT_COLLECTIVE:
            raise NotCollective(id=message_id)
        case _:
            raise task_error(result, message_id, None)
