"""Guidelines over HTTP: published by operators, listed and read by frontends, carried by tasks."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from oa_graph.domain.tasks import TaskKind
from tests.builders import plant
from tests.http.api.conftest import ROOT, WEB, Service, serving
from tests.http.api.frontend import Frontend, user

pytestmark = pytest.mark.anyio

ADA = user("ada")
NOBODY = "00000000-0000-4000-8000-000000000000"
TEXT = "# Prompts\n\nBe clear.\n\n* Ask for one thing."


@pytest.fixture
async def operator(service: Service) -> AsyncGenerator[httpx.AsyncClient]:
    async with operating(service.url) as operator:
        yield operator


def operating(url: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {ROOT}"}
    return httpx.AsyncClient(base_url=f"{url}/api/v1/admin/guidelines", headers=headers, trust_env=False, verify=False)


async def publish(operator: httpx.AsyncClient, where: str, text: str) -> Any:
    got = await operator.put(f"/{where}", json={"text": text})
    assert got.status_code == 200, got.text
    return got.json()


async def test_a_published_guideline_is_listed_and_read(operator: httpx.AsyncClient, bot: Frontend) -> None:
    await publish(operator, "initial_prompt/en", "Be quick.")
    published = await publish(operator, "initial_prompt/en", TEXT)
    german = await publish(operator, "decide_end/de_at", "Alles lesen.")
    assert {name: published[name] for name in ("kind", "lang", "version", "short", "text")} == {
        "kind": "initial_prompt",
        "lang": "en",
        "version": 2,
        "short": "Be clear.",
        "text": TEXT,
    }
    assert (german["lang"], german["version"]) == ("de-AT", 1)
    summaries = [
        {name: value for name, value in guideline.items() if name != "text"} for guideline in (german, published)
    ]
    for path in ("/guidelines/", "/guidelines"):
        got = await bot.get(path)
        assert (got.status_code, got.json()) == (200, summaries)
    got = await bot.get(f"/guidelines/{published['id']}")
    assert (got.status_code, got.json()) == (200, published)
    assert await publish(operator, "initial_prompt/en", TEXT) == published


async def test_a_text_that_is_known_is_not_sent_again(operator: httpx.AsyncClient, bot: Frontend) -> None:
    path = f"/api/v1/guidelines/{(await publish(operator, 'initial_prompt/en', TEXT))['id']}"
    etag = (await bot.http.get(path)).headers["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        got = await bot.http.get(path, headers={"If-None-Match": known})
        assert (got.status_code, got.content, got.headers["ETag"]) == (304, b"", etag)
    for known in ('"other"', etag.strip('"'), ""):
        got = await bot.http.get(path, headers={"If-None-Match": known})
        assert (got.status_code, got.json()["text"]) == (200, TEXT)
    unknown = await bot.http.get(f"/api/v1/guidelines/{NOBODY}", headers={"If-None-Match": "*"})
    assert (unknown.status_code, unknown.json()["error_code"]) == (404, 0)


@pytest.mark.parametrize(
    ("where", "body", "status", "named"),
    [
        ("initial_prompt/en", {"text": " "}, 400, "`text` of the guideline is empty."),
        ("initial_prompt/en", {"text": "# Prompts"}, 400, "`text` of the guideline has no paragraph beside headings."),
        ("initial_prompt/en", {"text": "a" * 20_001}, 400, "`text` of the guideline has 20001 characters"),
        ("initial_prompt/en", {"text": "a\0"}, 400, "`text` of the guideline has a null character"),
        ("initial_prompt/english", {"text": TEXT}, 400, "`lang` of the guideline is not a BCP 47 tag"),
        ("prompt/en", {"text": TEXT}, 422, ["path", "kind"]),
        ("initial_prompt/en", {}, 422, ["body", "text"]),
    ],
)
async def test_a_bad_guideline_is_refused_with_the_field(
    operator: httpx.AsyncClient, bot: Frontend, where: str, body: object, status: int, named: str | list[str]
) -> None:
    got = await operator.put(f"/{where}", json=body)
    assert got.status_code == status
    if status == 422:
        assert [problem["loc"] for problem in got.json()["detail"]] == [named]
    else:
        assert got.json()["message"].startswith(named)
    assert (await bot.get("/guidelines/")).json() == []


async def test_a_task_carries_its_guideline_and_fills_its_hint(
    service: Service, operator: httpx.AsyncClient, bot: Frontend
) -> None:
    await plant(service.graph, {"Prompt?": {"Answer.": {}}})
    before = await bot.ask("initial_prompt", ADA)
    assert (before["guideline"], before["hint"]) == (None, None)
    for kind in TaskKind:
        await publish(operator, f"{kind}/en", f"# {kind}\n\nAbout {kind}.\n\nMore.")
    for kind in ("initial_prompt", "prompter_reply", "assistant_reply"):
        task = await bot.ask(kind, ADA, lang="en")
        guideline = (await bot.get(f"/guidelines/{task['guideline']['id']}")).json()
        assert task["guideline"] == {"id": guideline["id"], "version": 1, "short": f"About {kind}."}
        assert guideline["kind"] == kind
        assert task.get("hint") == (None if kind == "assistant_reply" else f"About {kind}.")


async def test_the_process_that_publishes_shows_the_new_version_at_once(service: Service) -> None:
    async with (
        serving(service.graph, guidelines_cache_sec=600) as url,
        serving(service.graph, guidelines_cache_sec=600) as other,
        operating(url) as operator,
        Frontend(url, WEB) as here,
        Frontend(other, WEB) as there,
    ):
        for version in (1, 2):
            await publish(operator, "initial_prompt/en", f"Version {version}.")
            assert (await here.ask("initial_prompt", ADA))["guideline"]["version"] == version
            assert (await there.ask("initial_prompt", ADA))["guideline"]["version"] == 1
