"""Whatever is sent, right or wrong: the service answers as its document says, and never breaks.

Schemathesis writes the requests from the document: the examples, the edges of each schema, and some at random, always
the same ones. They go over the wire to a real service on a graph with trees and people in it; an id in a request that
could be one of ours is made one.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast
from uuid import UUID

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import (
    CoveragePhaseConfig,
    ExamplesPhaseConfig,
    FuzzingPhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
    StatefulPhaseConfig,
)
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks as promises

from oa_graph.api.app import create_app
from oa_graph.api.document import document
from oa_graph.graph import schema
from oa_graph.graph.session import Graph
from oa_graph.settings import Settings
from tests.builders import ADA, CLIENT, Shape, plant
from tests.conftest import Server
from tests.http.api.conftest import ANALYST, BOT, BOT_ID, ROOT, WEB, admit, serving
from tests.http.api.frontend import Frontend, user

Case: TypeAlias = "schemathesis.Case[Any]"
Check: TypeAlias = Callable[[schemathesis.CheckContext, schemathesis.Response, Case], bool | None]

EXAMPLES = 12
"""Requests at random, for each operation."""

BROKEN_THREAD, NOTHING, DISABLED, DOOR_BUSY = 2009, 1006, 4001, 7001


def no_fault(ctx: schemathesis.CheckContext, response: schemathesis.Response, case: Case) -> None:
    """Statuses from 500 on are only for what the protocol says with them."""
    if response.status_code >= 500:
        assert response.json()["error_code"] in (BROKEN_THREAD, NOTHING, DISABLED, DOOR_BUSY), response.json()


def no_refusal_of_what_fits(ctx: schemathesis.CheckContext, response: schemathesis.Response, case: Case) -> None:
    """What the document allows is no 422, but for three rules that only its texts state.

    Null characters cannot be stored, an answer names its task by one of two ids, and an idempotency key is for one
    request.
    """
    fits = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if fits and response.status_code == 422:
        kinds = [error["type"] for error in response.json()["detail"]]
        assert all("null" in kind or kind in ("no_id", "idempotency_key_reused") for kind in kinds), response.json()


CHECKS: list[Check] = [
    no_fault,
    no_refusal_of_what_fits,
    *cast(
        "list[Check]",
        [
            promises.content_type_conformance,
            promises.response_headers_conformance,
            promises.response_schema_conformance,
            promises.status_code_conformance,
            promises.unsupported_method,
        ],
    ),
]
"""Not among them is that what does not fit is refused. The protocol is lenient: it takes "1" for 1 and 1 for "1"."""


def described(*, coverage: bool) -> Any:
    phases = PhasesConfig(
        examples=ExamplesPhaseConfig(),
        coverage=CoveragePhaseConfig(enabled=coverage, generate_duplicate_query_parameters=True),
        fuzzing=FuzzingPhaseConfig(),
        stateful=StatefulPhaseConfig(enabled=False),
    )
    generation = GenerationConfig(max_examples=EXAMPLES, deterministic=True, with_security_parameters=False)
    project = ProjectConfig(phases=phases, generation=generation)
    config = SchemathesisConfig(projects=ProjectsConfig(default=project))
    return schemathesis.openapi.from_dict(document(create_app(Settings.model_validate({}))), config=config)


THOROUGH, SHORT = described(coverage=True), described(coverage=False)

bounded = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


# The service: it has a thread and a connection of its own, since Schemathesis waits for each answer


@dataclass(frozen=True)
class Live:
    url: str
    ids: Mapping[str, str]
    """Something that is there, by the name of the parameter."""


@pytest.fixture(scope="module")
def live(server: Server) -> Generator[Live]:
    ready, done = threading.Event(), threading.Event()
    services: list[Live] = []

    async def run() -> None:
        graph = Graph.connect(server.uri, server.username, server.password, database=server.database)
        try:
            await schema.apply(graph)
            await graph.execute("MATCH (n) WHERE NOT n:Schema DETACH DELETE n")
            await admit(graph)
            async with serving(graph) as url:
                services.append(Live(url, await fill(graph, url)))
                ready.set()
                await asyncio.to_thread(done.wait)
        finally:
            await graph.close()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        while not ready.wait(0.1):
            assert thread.is_alive(), "the service did not start"
        yield services[0]
    finally:
        done.set()
        thread.join()


async def fill(graph: Graph, url: str) -> dict[str, str]:
    """Trees in several states, a person, a task; and what they are called."""
    shape: Shape = {
        "What is rain?": {"Water.": {"Why?": {"Gravity.": {}}}, "-Weather.": {}, "!Spam.": {}, "?Drops.": {}}
    }
    planted = await plant(graph, shape, author=ADA)
    async with Frontend(url, WEB) as web:
        made = (await web.post("/frontend_users/", user("ada"))).json()
        task = await web.ask("initial_prompt", user("ada"))
    await graph.execute(
        "MATCH (post:Post {id: $id}) SET post.client = $client, post.frontend_id = 'm-1'",
        id=planted["What is rain?"],
        client=CLIENT.id,
    )
    return {
        "message_id": planted["What is rain?"],
        "task_id": task["id"],
        "user_id": made["user_id"],
        "destination_user_id": made["user_id"],
        "api_client_id": BOT_ID,
        "gt_id": made["user_id"],
        "lt_id": made["user_id"],
    }


# The requests


def is_uuid(value: object) -> bool:
    try:
        return str(UUID(str(value))) == value
    except ValueError:
        return False


def at_home(item: Any, ids: Mapping[str, str]) -> Any:
    """`given` with ids of ours in the place of ids that nobody has."""
    if not isinstance(item, dict):
        return item
    known = cast("dict[str, object]", item)
    return {name: ids[name] if name in ids and is_uuid(value) else at_home(value, ids) for name, value in known.items()}


def send(case: Case, live: Live, *, key: str) -> None:
    for part in ("path_parameters", "query", "body"):
        values = getattr(case, part)
        if isinstance(values, dict):
            setattr(case, part, at_home(values, live.ids))
    headers = {"X-API-Key": key, "Authorization": f"Bearer {ROOT}"}
    cast("Any", case).call_and_validate(base_url=live.url, headers=headers, checks=CHECKS)


@THOROUGH.parametrize()
@bounded
def test_a_trusted_frontend_may_send_anything(case: Case, live: Live) -> None:
    send(case, live, key=WEB)


@THOROUGH.include(path="/api/v1/cypher").parametrize()
@bounded
def test_an_analyst_may_send_anything(case: Case, live: Live) -> None:
    send(case, live, key=ANALYST)


@SHORT.parametrize()
@bounded
def test_an_untrusted_frontend_may_send_anything(case: Case, live: Live) -> None:
    send(case, live, key=BOT)
