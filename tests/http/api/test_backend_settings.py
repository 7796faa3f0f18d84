"""The settings as the original's admin pages read them, and no secret among them."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict

import pytest
from pydantic import SecretStr

from oa_graph.api import wire
from oa_graph.domain.limits import Limits
from oa_graph.graph.session import Graph
from oa_graph.settings import Neo4jSettings, Settings
from tests.http.api.conftest import WEB, Service, admit, serving
from tests.http.api.frontend import Frontend

pytestmark = pytest.mark.anyio

SECRETS = ("the-secret-of-the-key", "one-secret-token", "another-secret-token", "the-secret-password")
LIMITS = Limits(message_size_limit=77, allow_self_labeling=True, enforce_terms=True, task_validity_sec=90)


def secretive() -> tuple[Settings, Neo4jSettings]:
    """Settings in which each secret is one that can be searched for."""
    key, token, other, password = SECRETS
    values = {"api_key": key, "root_tokens": [token, other], "limits": LIMITS, "rate_limit_task_api_times": 123}
    server = {"uri": "bolt://graph.example:7687", "password": password}
    return Settings.model_validate(values), Neo4jSettings.model_validate(server)


def test_each_setting_that_holds_a_secret_is_known_to_these_tests() -> None:
    secret = [
        name
        for model in (Settings, Neo4jSettings)
        for name, field in model.model_fields.items()
        if SecretStr.__name__ in str(field.annotation)
    ]
    assert secret == ["api_key", "root_tokens", "password"]


def test_no_secret_is_shown_anywhere() -> None:
    settings, server = secretive()
    full = wire.full_settings(settings, server)
    shown = [form(value) for value in (full, settings, server.password) for form in (repr, str)]
    for text in (full.model_dump_json(), *shown):
        assert not [secret for secret in SECRETS if secret in text]
    assert (full.OFFICIAL_WEB_API_KEY, full.ROOT_TOKENS) == ("**********", ["**********"] * 2)
    assert full.DATABASE_URI == "bolt://graph.example:7687"


async def test_what_is_set_is_told_under_the_originals_names(graph: Graph, caplog: pytest.LogCaptureFixture) -> None:
    await admit(graph)
    key, token, other, *_ = SECRETS
    values = {"api_key": key, "root_tokens": [token, other], "rate_limit": True, "rate_limit_assistant_user_times": 9}
    caplog.set_level(logging.DEBUG)
    async with serving(graph, LIMITS, **values) as url, Frontend(url, WEB) as web:
        got = await web.get("/admin/backend_settings/full")
        assert got.status_code == 200
        public = (await web.get("/admin/backend_settings/public")).json()
        assert (await web.get("/admin/backend_settings/full?api_key=wrong")).status_code == 403
    for text in (got.text, caplog.text):
        assert not [secret for secret in SECRETS if secret in text]
    full = got.json()
    assert set(full) == {*wire.Settings.model_fields}
    assert public.items() <= full.items()
    assert {name: full[name] for name in public} == public
    chosen = {
        "MESSAGE_SIZE_LIMIT": 77,
        "DEBUG_ALLOW_SELF_LABELING": True,
        "DEBUG_IGNORE_TOS_ACCEPTANCE": False,
        "TASK_VALIDITY_MINUTES": 2,  # a minute and a half; 0 would mean for ever
        "DUPLICATE_MESSAGE_FILTER_WINDOW_MINUTES": 120,
        "RATE_LIMIT": True,
        "RATE_LIMIT_ASSISTANT_USER_TIMES": 9,
        "RATE_LIMIT_ASSISTANT_USER_MINUTES": 2,
        "DEBUG_SKIP_EMBEDDING_COMPUTATION": True,
        "POSTGRES_PASSWORD": "",
        "AUTH_SECRET": "",
    }
    assert {name: full[name] for name in chosen} == chosen
    trees = full["tree_manager"]
    ours = json.loads(json.dumps(asdict(LIMITS)))
    assert {name: trees[name] for name in trees if name != "init_prompt_disabled_langs"}.items() <= ours.items()
    assert full["oa_graph"]["limits"]["lease_sec"] == LIMITS.lease_sec


def test_languages_without_prompts_are_one_text_with_commas() -> None:
    settings = Settings.model_validate({"limits": Limits(init_prompt_disabled_langs=("de", "fr"))})
    assert wire.full_settings(settings, Neo4jSettings.model_validate({})).tree_manager.init_prompt_disabled_langs == (
        "de,fr"
    )


async def test_every_frontend_reads_the_public_settings_and_trusted_ones_all(
    web: Frontend, bot: Frontend, service: Service
) -> None:
    for part, seen in (("public", [200, 200, 403]), ("full", [200, 403, 403])):
        async with service.frontend(None) as nobody:
            got = [await frontend.get(f"/admin/backend_settings/{part}") for frontend in (web, bot, nobody)]
        assert [response.status_code for response in got] == seen
        assert {response.json()["error_code"] for response in got if response.status_code == 403} == {2}
    public = (await bot.get("/admin/backend_settings/public")).json()
    assert set(public) == {*wire.PublicSettings.model_fields}
    assert (public["API_V1_STR"], public["MESSAGE_SIZE_LIMIT"]) == ("/api/v1", 2000)
