"""What makes a request that is sent again find the task that it was given: the frontend's key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self
from uuid import NAMESPACE_URL, uuid5

from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.users import ApiClient, UserIdentity


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The key of a request: it decides on the id of the task, so that two tasks with one key cannot exist."""

    key: str
    task_id: str
    request_hash: str
    """Stored on the task, to tell the same request from another one with the same key."""

    @classmethod
    def of(
        cls,
        key: str,
        *,
        client: ApiClient,
        user: UserIdentity,
        kind: TaskKind | None,
        langs: Sequence[str],
        collective: bool,
    ) -> Self:
        """Return the key of a client's request. A user who has another display name since is the same user."""
        request = json.dumps([kind, list(langs), collective, user.method, user.name])
        return cls(
            key=key,
            task_id=str(uuid5(NAMESPACE_URL, f"oa-graph:task:{client.id}:{key}")),
            request_hash=sha256(request.encode()).hexdigest(),
        )
