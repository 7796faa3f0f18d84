"""Tasks: a user requests one, acknowledges or refuses it, and submits an answer.

A request, an acknowledgement and the text that answers a task are one statement each. A review, a ranking, a refusal
and a report can change the state of a tree: each is one transaction, which stores the event and takes the steps that
follow.
"""

from __future__ import annotations

from collections.abc import Sequence

from oa_graph.context import Context
from oa_graph.domain.limits import Quota
from oa_graph.domain.tasks import Answer, Lease, OpenTask, Task, TaskKind
from oa_graph.domain.users import ApiClient, User, UserIdentity
from oa_graph.guidelines import Guidelines
from oa_graph.tasks import acknowledgement, answers, assignment, availability
from oa_graph.tasks.idempotency import IdempotencyKey


class Tasks:
    """The tasks of a collection. Without `guidelines` they show none."""

    def __init__(self, context: Context, guidelines: Guidelines | None = None) -> None:
        self._context = context
        self._guidelines = guidelines

    async def request(
        self,
        kind: TaskKind | None = None,
        *,
        lang: str = "en",
        langs: Sequence[str] = (),
        collective: bool = False,
        client: ApiClient,
        user: UserIdentity,
        quotas: Sequence[Quota] = (),
        idempotency_key: str | None = None,
    ) -> Task:
        """Assign one task of a kind to a user; without `kind`, of the kind that is needed most.

        `langs`, instead of `lang`, are tried in order. Several users may answer a `collective` task. The request counts
        against `quotas`, also when there is no task. A request with an `idempotency_key` that the client sent before
        gets the task of that request again, whatever has become of it, and counts no more.

        Raise TooManyRequests when a quota is full; NothingToHandOut, TooManyPending, UserDisabled, TermsNotAccepted, or
        IdempotencyKeyReused when the request differs from the one before.
        """
        langs = tuple(dict.fromkeys(langs)) or (lang,)
        key = idempotency_key and IdempotencyKey.of(
            idempotency_key, client=client, user=user, kind=kind, langs=langs, collective=collective
        )
        guidelines = {lang: await self._guidelines.for_tasks_in(lang) for lang in langs} if self._guidelines else {}
        request = assignment.Assignment(self._context, client, user, kind, langs, collective, key or None, guidelines)
        return await request.assign(quotas)

    async def open(self, user: User) -> list[OpenTask]:
        """Return the tasks that a user can go on with, as they were handed out, newest first, at most 100."""
        return await acknowledgement.open_tasks(self._context, user=user)

    async def open_task(self, task_id: str, *, user: User) -> OpenTask:
        """Return one task that a user can go on with, as it was handed out.

        Raise TaskNotFound for a task that is another user's, answered, skipped or expired.
        """
        return await acknowledgement.open_task(self._context, task_id=task_id, user=user)

    async def count_request(self, quotas: Sequence[Quota]) -> None:
        """Count a request that names no user. Raise TooManyRequests when a quota is full."""
        await assignment.count_request(self._context, quotas)

    async def availability(self, *, lang: str = "en", client: ApiClient, user: UserIdentity) -> dict[str, int]:
        """Return how many tasks of each kind there are for a user, and as `random` their sum. Nothing changes.

        The number is exact for small pools, and estimated for others. Raise UserDisabled or TermsNotAccepted.
        """
        return await availability.availability(self._context, client=client, user=user, lang=lang)

    async def acknowledge(
        self,
        task_id: str,
        *,
        message_id: str,
        further_ids: Sequence[str] = (),
        client: ApiClient,
        user: User | None = None,
    ) -> Lease | None:
        """Bind a task to the frontend's id and renew its lease; the same id again renews it again.

        `further_ids` find the task as well: for a frontend that shows one task in several messages.

        Return the lease; None for a task without a place: one that is done, collective, or not about a single post.
        Raise TaskNotFound, TaskExpired, NotYourTask or TaskAlreadyAcknowledged.
        """
        return await acknowledgement.acknowledge(
            self._context, client=client, task_id=task_id, message_ids=(message_id, *further_ids), user=user
        )

    async def renew(self, task_id: str, *, client: ApiClient, user: User | None = None) -> Lease | None:
        """Renew the lease of a task while its user is at work, before or after the ack; take a free place again.

        Nothing is renewed once the task was handed out `lease_max_sec` ago. An answer is accepted all the same.

        Return the lease; None for a task without a place: one that is done, collective, or not about a single post.
        Raise TaskNotFound, TaskExpired or NotYourTask.
        """
        return await acknowledgement.renew(self._context, client=client, task_id=task_id, user=user)

    async def refuse(
        self, task_id: str, *, reason: str | None = None, client: ApiClient, user: User | None = None
    ) -> None:
        """Skip a task, before or after its acknowledgement; without `user`, for the user who has it.

        A post whose replies are skipped too often ends its tree. Raise AnswerWithoutTask, TaskExpired, TaskAlreadyDone
        or NotYourTask.
        """
        await acknowledgement.refuse(self._context, client=client, task_id=task_id, reason=reason, user=user)

    async def submit(self, answer: Answer, *, client: ApiClient, user: UserIdentity) -> str:
        """Store a user's answer; return the id of the `task_done`, the same when the same answer is sent again.

        Raise what `oa_graph.tasks.outcomes` lists; nothing is stored then.
        """
        return await answers.submit(self._context, client=client, user=user, answer=answer)

    async def close(self, message_id: str, *, client: ApiClient) -> str:
        """End a collective task, by the id that the frontend acknowledged it with; return the id of the `task_done`.

        Raise TaskNotFound, TaskExpired, NotCollective or TaskAlreadyDone.
        """
        return await acknowledgement.close(self._context, client=client, message_id=message_id)
