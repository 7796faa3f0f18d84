"""The settings, read once from the environment into a frozen value.

Each field is the variable `OA_GRAPH_<FIELD>`; those of `limits` are `OA_GRAPH_LIMITS__<FIELD>`. The variables of an
external server have the names of Neo4j's own files: `NEO4J_URI` and so on. Lists are comma-separated or JSON. An empty
variable is an empty list, or no value for optional settings.
"""

from __future__ import annotations

import json
import os
import re
import ssl
from collections.abc import Iterable
from dataclasses import asdict
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from random import Random
from typing import Annotated, Any, Literal, Self, cast
from urllib.parse import urlsplit

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from oa_graph.domain.limits import PRESETS, Limits, Preset, RateLimit, RateLimits
from oa_graph.domain.sessions import SessionLimits
from oa_graph.language import normalized

_DEFAULTS: dict[str, object] = asdict(Limits())


def _value(text: object, default: object) -> object:
    """Parse the text of a variable by the type of its default: a list, or an optional value."""
    if not isinstance(text, str):
        return text
    if isinstance(default, tuple):
        return _list(text)
    return None if default is None and not text.strip() else text


def _list(text: str) -> list[object]:
    if text.startswith("["):
        return json.loads(text)
    return [word.strip() for word in re.split(r"[,\n]", text) if word.strip()]


class _Environment(BaseSettings):
    """Settings. A field `<name>_file` names a file with the value of the field `<name>`."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _files(cls, values: dict[str, object]) -> dict[str, object]:
        files = {name: values.get(f"{name}_file") for name in cls.model_fields}
        return values | {name: _in_file(Path(str(path))) for name, path in files.items() if path}

    @field_validator("*", mode="before")
    @classmethod
    def _values(cls, value: object, about: ValidationInfo) -> object:
        return _value(value, cls.model_fields[str(about.field_name)].default)


def _in_file(path: Path) -> str:
    if not (text := path.read_text("utf-8").strip()):
        raise PydanticCustomError("empty_file", "{path} is empty", {"path": str(path)})
    return text


class Neo4jSettings(_Environment):
    """The server to use instead of the managed one. The names are those of Aura's files."""

    model_config = SettingsConfigDict(env_prefix="NEO4J_")

    uri: str | None = Field(
        None,
        description="address of the server: bolt:// or neo4j://, with +s or +ssc for TLS; empty: the managed server",
    )
    username: str = Field("neo4j", description="user name at the server")
    password: SecretStr = Field(SecretStr(""), description="password of the user")
    password_file: Path | None = Field(None, description="file with the password")
    database: str = Field("neo4j", description="database on the server")
    ca_file: Path | None = Field(
        None,
        description="PEM file of the authorities that sign the certificate, for +s; empty: those of the system",
    )
    liveness_sec: float | None = Field(
        None, ge=0, description="seconds after which an idle connection is tested before use; empty: never"
    )

    @field_validator("uri")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        """The error does not repeat the value, since it may hold a password."""
        if value is not None and not _is_address(value):
            raise PydanticCustomError("address", f"NEO4J_URI has to be {_ADDRESS}")
        return value

    @field_validator("ca_file")
    @classmethod
    def _authorities(cls, value: Path | None) -> Path | None:
        try:
            ssl.create_default_context(cafile=value)
        except OSError as error:  # includes errors in a certificate
            why = {"path": str(value), "why": str(error)}
            raise PydanticCustomError("authorities", "NEO4J_CA_FILE {path} holds no certificates: {why}", why) from None
        return value

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        if self.ca_file and not (self.uri or "").partition("://")[0].endswith("+s"):
            raise PydanticCustomError("not_encrypted", "NEO4J_CA_FILE needs a NEO4J_URI with bolt+s:// or neo4j+s://")
        return self


_ADDRESS = (
    "the address of a server, such as bolt://127.0.0.1:7687 or neo4j+s://graph.example: the scheme is bolt or neo4j, "
    "with +s or +ssc for encryption, without user and password"
)
_SCHEMES = frozenset(f"{scheme}{encryption}" for scheme in ("bolt", "neo4j") for encryption in ("", "+s", "+ssc"))


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in _SCHEMES and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:  # invalid port
        return False


_PREFIX = "OA_GRAPH_"
_FOREIGN_VARIABLE = re.compile(
    r"OA_GRAPH_(MEMORY|PORT|(\w+_)?SERVICE_(HOST|PORT)(_\w+)?|(\w+_)?PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)=.*"
    r"|\w+_PORT=(tcp|udp|sctp)://.*"
)
"""Variables of docker-compose.yml, and those that Kubernetes sets for services named `oa-graph…`."""


def _is_ours(name: str, value: str) -> bool:
    return name.startswith(_PREFIX) and not _FOREIGN_VARIABLE.fullmatch(f"{name}={value}")


def _suggestion(name: str, candidates: Iterable[str]) -> str:
    """Return a suggestion for a mistyped name; empty if none is similar."""
    matches = get_close_matches(name, candidates, n=1, cutoff=0.5)
    return f"; did you mean {matches[0]}?" if matches else ""


class Settings(_Environment):
    """The settings of the service."""

    model_config = SettingsConfigDict(env_prefix="OA_GRAPH_", env_nested_delimiter="__")

    api_key: SecretStr | None = Field(
        None,
        description="trusted API key; empty: a random key is created at the first start and stored in the data folder",
    )
    api_key_file: Path | None = Field(None, description="file with the trusted key")
    root_tokens: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="bearer tokens that may create API clients, separated by commas or as a JSON list; empty: none"
    )
    root_tokens_file: Path | None = Field(None, description="file with these tokens, one per line")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="origins whose pages may call the API, such as `https://chat.example`, with commas; `*`: any",
    )
    data: Path = Field(
        default_factory=lambda: user_data_path("oa-graph"),
        description="folder of the managed server and of the trusted key",
    )
    cache: Path = Field(
        default_factory=lambda: user_cache_path("oa-graph"),
        description="folder for the program files of the managed server, shared by all checkouts",
    )
    aot: bool = Field(
        True,
        description="train an AOT cache while the machine is idle, which halves the start of the managed server",
    )
    heap_mib: int | None = Field(
        None, ge=256, description="heap of the managed server in MiB; empty: depends on the memory of the machine"
    )
    page_cache_mib: int | None = Field(
        None, ge=64, description="page cache of the managed server in MiB; empty: depends on the memory of the machine"
    )
    bolt_port: int | None = Field(
        None, ge=1, le=65535, description="Bolt port of the managed server; empty: 7687 if it is free, else another"
    )
    http_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="HTTP port of the managed server, for the Neo4j Browser; empty: 7474 if it is free, else another",
    )
    pool_size: int = Field(50, ge=1, le=1000, description="connections to Neo4j per process")
    statement_timeout_sec: float = Field(
        30.0, gt=0, description="seconds after which Neo4j aborts a transaction of a request"
    )
    request_deadline_sec: float = Field(
        45.0,
        gt=0,
        description="seconds that a request may wait for Neo4j in total; moderation and ad-hoc queries may take longer",
    )
    slow_statement_ms: int = Field(
        1000, ge=0, description="milliseconds above which a statement is logged as a warning with its name; 0: never"
    )
    log_format: Literal["auto", "text", "json"] = Field(
        "auto", description="`text`, or `json` with one object per line; `auto`: text on a terminal, else JSON"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="lowest level that `oa-graph serve` logs; requests are `info`"
    )
    hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="names at which the pages answer, with commas; `localhost` and addresses of numbers always do",
    )
    session_idle_days: float = Field(14.0, gt=0, description="days without use after which a session of the pages ends")
    session_days: float = Field(90.0, gt=0, description="days after which a session of the pages ends in any case")
    client_cache_sec: float = Field(2.0, ge=0, description="seconds until a change of an API client takes effect")
    guidelines_cache_sec: float = Field(
        30.0, ge=0, description="seconds until a new guideline takes effect in every process"
    )
    boards_every_sec: float = Field(
        0.3, ge=0, description="seconds between two updates of the leaderboards; 0: this service does not update them"
    )
    cypher: bool = Field(True, description="accept ad-hoc statements of analysts at `POST /api/v1/cypher`")
    cypher_sec: float = Field(20.0, gt=0, description="seconds for one ad-hoc statement and its response")
    cypher_rows: int = Field(
        100_000, ge=1, description="maximum rows of such a response; a longer one is cut and says so"
    )
    cypher_mib: int = Field(
        64, ge=1, description="maximum size of such a response in MiB; a larger one is cut and says so"
    )
    cypher_at_once: int = Field(
        2,
        ge=1,
        description="ad-hoc statements that run at the same time per process; further ones are refused for the moment",
    )
    cypher_despite_load_csv: bool = Field(
        False,
        description="accept ad-hoc statements even if `LOAD CSV` can read files or addresses on the database's machine",
    )
    cypher_copy: Path | None = Field(
        None, description="data folder of a copy made by `oa-graph db clone`, on which ad-hoc statements run"
    )
    seed: int | None = Field(
        None, description="seed of the random choices, with a separate sequence for each worker; empty: from the system"
    )
    rate_limit: bool = Field(True, description="count and limit requests for tasks")
    rate_limit_task_user_times: int = Field(30, ge=1, description="maximum requests of one user")
    rate_limit_task_user_minutes: int = Field(
        4, ge=1, description="period for these requests in minutes, from the first one"
    )
    rate_limit_task_api_times: int = Field(10_000, ge=1, description="maximum requests of a frontend that name no user")
    rate_limit_task_api_minutes: int = Field(1, ge=1, description="period for these requests in minutes")
    rate_limit_assistant_user_times: int = Field(
        4, ge=1, description="maximum requests of one user for `assistant_reply` by name"
    )
    rate_limit_assistant_user_minutes: int = Field(2, ge=1, description="period for these requests in minutes")
    rate_limit_prompter_user_times: int = Field(
        8, ge=1, description="maximum requests of one user for `prompter_reply` by name"
    )
    rate_limit_prompter_user_minutes: int = Field(2, ge=1, description="period for these requests in minutes")
    preset: Preset = Field(
        Preset.DEFAULT,
        description="limits to start from; `small`: two to four people can finish trees; single limits override it",
    )
    limits: Limits = Field(Limits(), description="limits of trees")

    def random(self, stream: str) -> Random:
        """Return a random source for a part of the program, such as a worker.

        With a seed it is the same at each start, and different for each `stream`.
        """
        return Random() if self.seed is None else Random(f"{self.seed} {stream}")

    @property
    def rate_limits(self) -> RateLimits | None:
        """Return the rate limits of task requests; None: unlimited."""
        if not self.rate_limit:
            return None
        return RateLimits(
            user=RateLimit(self.rate_limit_task_user_times, self.rate_limit_task_user_minutes),
            client=RateLimit(self.rate_limit_task_api_times, self.rate_limit_task_api_minutes),
            assistant_reply=RateLimit(self.rate_limit_assistant_user_times, self.rate_limit_assistant_user_minutes),
            prompter_reply=RateLimit(self.rate_limit_prompter_user_times, self.rate_limit_prompter_user_minutes),
        )

    @property
    def session_limits(self) -> SessionLimits:
        """Return how long sessions of the pages last."""
        return SessionLimits(self.session_idle_days * 86_400, self.session_days * 86_400)

    @model_validator(mode="before")
    @classmethod
    def _only_known_variables(cls, values: Any) -> Any:
        """Reject mistyped variables, which would otherwise have no effect."""
        known_variables = [
            f"{_PREFIX}{name.upper()}" for name in (*cls.model_fields, *(f"limits__{limit}" for limit in _DEFAULTS))
        ]
        set_here = {name.upper() for name, value in os.environ.items() if _is_ours(name.upper(), value)}
        if unknown := sorted(set_here.difference(known_variables)):
            problems = "; ".join(f"{name} is not a setting{_suggestion(name, known_variables)}" for name in unknown)
            raise PydanticCustomError("unknown_variable", "{wrong}", {"wrong": problems})
        return values

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, values: object) -> object:
        """Complete the single limits with those of the preset."""
        fields = cast("dict[str, object]", values)
        preset, limits = PRESETS.get(cast("Preset", fields.get("preset"))), fields.get("limits", {})
        if preset is None or not isinstance(limits, dict):
            return values
        return {**fields, "limits": asdict(preset) | cast("dict[str, object]", limits)}

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Check that origins have the form of browsers: scheme, host and optionally a port."""
        for origin in value:
            if not re.fullmatch(r"\*|[a-z][a-z+.-]*://[^/\s]+", origin):
                raise PydanticCustomError(
                    "origin", "{origin} is not an origin such as https://chat.example", {"origin": origin}
                )
        return value

    @field_validator("limits", mode="before")
    @classmethod
    def _limits(cls, value: object) -> object:
        """Parse lists and normalize languages."""
        if not isinstance(value, dict):
            return value
        limits_by_name = cast("dict[str, object]", value)
        for name in limits_by_name.keys() - _DEFAULTS.keys():
            raise PydanticCustomError(
                "unknown_limit", "{name} is not a limit{hint}", {"name": name, "hint": _suggestion(name, _DEFAULTS)}
            )
        limits = {name: _value(value, _DEFAULTS[name]) for name, value in limits_by_name.items()}
        if isinstance(langs := limits.get("init_prompt_disabled_langs"), list):
            limits["init_prompt_disabled_langs"] = [normalized(str(lang)) for lang in cast("list[object]", langs)]
        return limits


@cache
def settings() -> Settings:
    """Return the settings of this process. Raise pydantic's ValidationError with the variable and the rule."""
    return Settings.model_validate({})
