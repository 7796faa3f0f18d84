"""Clients that write as a language model, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx
import pytest

from oa_graph.domain.limits import Limits
from tests.builders import plant, questions
from tests.http.api.conftest import ROOT, Service, serving
from tests.http.api.frontend import Frontend, answer, labels, user

pytestmark = pytest.mark.anyio

JUDGEMENTS = (
    "label_initial_prompt",
    "label_prompter_reply",
    "label_assistant_reply",
    "rank_initial_prompts",
    "rank_prompter_replies",
    "rank_assistant_replies",
)
ADA, BOB = user("ada"), user("bob")


async def model_key(url: str) -> str:
    """The key of a model's client, which the operator adds."""
    body = {"description": "a parrot", "frontend_type": "bot", "writes_as_model": "parrot-1"}
    async with httpx.AsyncClient(base_url=url, trust_env=False, verify=False) as operator:
        got = await operator.post("/api/v1/admin/api_client", json=body, headers={"Authorization": f"Bearer {ROOT}"})
    assert got.status_code == 200
    return got.json()


@pytest.fixture
async def parrot(service: Service) -> AsyncGenerator[Frontend]:
    async with service.frontend(await model_key(service.url)) as frontend:
        yield frontend


async def test_what_a_model_writes_is_synthetic_whatever_the_request_says(
    service: Service, parrot: Frontend, web: Frontend
) -> None:
    planted = await plant(service.graph, {"What is rain?": {}})
    task = await parrot.ask("assistant_reply", ADA)
    body = answer(task, await parrot.ack(task), ADA)
    await parrot.settle({**body, "synthetic": False, "model_name": "owl-3"})
    (message,) = await web.read(planted["What is rain?"], "/children")
    assert (message["synthetic"], message["model_name"], message["user_id"]) == (True, "parrot-1", None)


async def test_a_model_is_told_that_there_is_nothing_to_judge(service: Service, parrot: Frontend) -> None:
    planted = await plant(service.graph, {"What is rain?": {"?Water.": {}}})
    for kind in JUDGEMENTS:
        got = await parrot.post("/tasks/", {"type": kind, "user": ADA})
        assert (got.status_code, got.json()["error_code"]) == (503, 1006), kind
    counts = (await parrot.post("/tasks/availability", ADA)).json()
    assert {kind: counts[kind] for kind in JUDGEMENTS} == dict.fromkeys(JUDGEMENTS, 0)
    assert counts["assistant_reply"] > 0
    remark = await parrot.post("/text_labels/", labels(planted["What is rain?"], ADA))
    reaction = await parrot.post(
        f"/messages/{planted['What is rain?']}/emoji", {"emoji": "+1", "op": "add", "user": ADA}
    )
    assert [(got.status_code, got.json()["error_code"]) for got in (remark, reaction)] == [(403, 2)] * 2


async def test_the_requests_of_a_model_are_counted_per_client(service: Service) -> None:
    await plant(service.graph, *questions(9))
    limits = Limits(max_pending_tasks_per_user=100)
    rates = {"rate_limit": True, "rate_limit_task_user_times": 1, "rate_limit_task_api_times": 4}
    async with serving(service.graph, limits, **rates) as url, Frontend(url, await model_key(url)) as parrot:
        statuses = [
            (await parrot.post("/tasks/", {"type": "assistant_reply", "user": who})).status_code
            for who in (ADA, ADA, BOB, BOB, ADA, BOB)
        ]
    assert statuses == [200] * 4 + [429] * 2
