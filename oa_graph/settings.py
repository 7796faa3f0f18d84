"""The environment, read once into one frozen value.

Each field is the variable `OA_GRAPH_<FIELD>`; the fields of `limits` are `OA_GRAPH_LIMITS__<FIELD>`. Where a server is
given, it is given by the four names that Neo4j's own files use: `NEO4J_URI` and so on. Lists are written with commas or
as JSON. An empty variable is an empty list, or no value where a setting may have none.
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

from oa_graph.language import normalized
from oa_graph.model import PRESETS, Limits, Preset, Rate, Rates

_DEFAULTS: dict[str, object] = asdict(Limits())


def _value(text: object, default: object) -> object:
    """The value that a variable stands for, where the default says that it is a list or may be none."""
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
    """Settings of which a field `<name>_file` names the file that holds the value of the field `<name>` instead."""

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
    """The server to use instead of the managed one; the names are those of Aura's files."""

    model_config = SettingsConfigDict(env_prefix="NEO4J_")

    uri: str | None = Field(None, description="bolt://, neo4j://, with +s or +ssc; empty: the managed server")
    username: str = Field("neo4j", description="user of that server")
    password: SecretStr = Field(SecretStr(""), description="password of that user")
    password_file: Path | None = Field(None, description="a file that holds the password instead")
    database: str = Field("neo4j", description="database of that server")
    ca_file: Path | None = Field(
        None, description="a PEM file of the authorities that sign its certificate, for +s; empty: the system's"
    )
    liveness_sec: float | None = Field(
        None, ge=0, description="a connection that was idle for longer is tested before its use; empty: none is"
    )

    @field_validator("uri")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        """The value is not repeated: it may hold a password."""
        if value is not None and not _is_address(value):
            raise PydanticCustomError("address", f"NEO4J_URI has to be {_ADDRESS}")
        return value

    @field_validator("ca_file")
    @classmethod
    def _authorities(cls, value: Path | None) -> Path | None:
        try:
            ssl.create_default_context(cafile=value)
        except OSError as error:  # of which errors in a certificate are a kind
            why = {"path": str(value), "why": str(error)}
            raise PydanticCustomError("authorities", "NEO4J_CA_FILE {path} holds no certificates: {why}", why) from None
        return value

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        if self.ca_file and not (self.uri or "").partition("://")[0].endswith("+s"):
            raise PydanticCustomError("not_encrypted", "NEO4J_CA_FILE needs a NEO4J_URI with bolt+s:// or neo4j+s://")
        return self


_ADDRESS = (
    "a server's address, such as bolt://127.0.0.1:7687 or neo4j+s://graph.example: the scheme is bolt or neo4j, with "
    "+s or +ssc for encryption, and there is no user and no password in it"
)
_SCHEMES = frozenset(f"{scheme}{encryption}" for scheme in ("bolt", "neo4j") for encryption in ("", "+s", "+ssc"))


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in _SCHEMES and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:  # no number, or none of a port
        return False


_PREFIX = "OA_GRAPH_"
_ELSEWHERE = re.compile(
    r"OA_GRAPH_(MEMORY|PORT|(\w+_)?SERVICE_(HOST|PORT)(_\w+)?|(\w+_)?PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)=.*"
    r"|\w+_PORT=(tcp|udp|sctp)://.*"
)
"""What docker-compose.yml reads, and what Kubernetes sets for services whose names begin with `oa-graph`."""


def _is_ours(name: str, value: str) -> bool:
    return name.startswith(_PREFIX) and not _ELSEWHERE.fullmatch(f"{name}={value}")


def _nearest(name: str, known: Iterable[str]) -> str:
    """A question for whoever mistyped `name`; empty when nothing is like it."""
    found = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {found[0]}?" if found else ""


class Settings(_Environment):
    """How the service is run."""

    model_config = SettingsConfigDict(env_prefix="OA_GRAPH_", env_nested_delimiter="__")

    api_key: SecretStr | None = Field(
        None, description="the trusted key; empty: made at random at the first start, kept in the data folder"
    )
    api_key_file: Path | None = Field(None, description="a file that holds the trusted key instead")
    root_tokens: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="bearer tokens that may create API clients, with commas or as a JSON list; empty: nobody may"
    )
    root_tokens_file: Path | None = Field(None, description="a file that holds these tokens instead, one a line")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="origins whose web pages may call the API, such as `https://chat.example`, with commas; `*`: any",
    )
    data: Path = Field(
        default_factory=lambda: user_data_path("oa-graph"),
        description="folder of the managed server and the key",
    )
    cache: Path = Field(
        default_factory=lambda: user_cache_path("oa-graph"),
        description="folder of the managed server's program files, shared by all checkouts",
    )
    aot: bool = Field(
        True,
        description="whether to train an AOT cache while the machine is idle; it halves the start of managed Neo4j",
    )
    heap_mib: int | None = Field(None, ge=256, description="heap of the managed server; empty: by the machine")
    page_cache_mib: int | None = Field(
        None, ge=64, description="page cache of the managed server; empty: by the machine"
    )
    bolt_port: int | None = Field(None, ge=1, le=65535, description="empty: 7687 when free, else another")
    http_port: int | None = Field(
        None, ge=1, le=65535, description="of the Neo4j Browser; empty: 7474 when free, else another"
    )
    pool_size: int = Field(50, ge=1, le=1000, description="connections to Neo4j, for each process")
    statement_timeout_sec: float = Field(
        30.0, gt=0, description="after so many seconds Neo4j gives up a transaction of a request"
    )
    request_deadline_sec: float = Field(
        45.0,
        gt=0,
        description="seconds that a request may wait for Neo4j in all; moderation and analysts have longer",
    )
    slow_statement_ms: int = Field(
        1000, ge=0, description="a statement that takes longer is logged as a warning, by its name; 0: none is"
    )
    log_format: Literal["auto", "text", "json"] = Field(
        "auto", description="`text`, or `json` with an object a line; `auto`: text on a terminal, else JSON"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="what `oa-graph serve` logs; requests are `info`"
    )
    client_cache_sec: float = Field(2.0, ge=0, description="how long a change of an API client may take to be seen")
    boards_every_sec: float = Field(
        0.3, ge=0, description="how often boards are brought up to date, in seconds; 0: by no process of this service"
    )
    cypher: bool = Field(True, description="whether analysts may send statements to `POST /api/v1/cypher`")
    cypher_sec: float = Field(20.0, gt=0, description="time for one of these statements and its answer, in seconds")
    cypher_rows: int = Field(100_000, ge=1, description="rows of such an answer; a longer one is cut and says so")
    cypher_mib: int = Field(64, ge=1, description="MiB of such an answer; a larger one is cut and says so")
    cypher_at_once: int = Field(
        2, ge=1, description="such statements at work at once, for each process; others are told to come again"
    )
    cypher_despite_load_csv: bool = Field(
        False, description="take statements even where `LOAD CSV` may read files or addresses on the database's machine"
    )
    cypher_copy: Path | None = Field(
        None, description="data folder of a copy made by `oa-graph db clone`, on which these statements run instead"
    )
    seed: int | None = Field(
        None, description="seeds the choices of the policy, a sequence for each worker; empty: from the system"
    )
    rate_limit: bool = Field(True, description="whether requests for tasks are counted and limited")
    rate_limit_task_user_times: int = Field(30, ge=1, description="requests of one user that are taken")
    rate_limit_task_user_minutes: int = Field(4, ge=1, description="within so many minutes from the first")
    rate_limit_task_api_times: int = Field(10_000, ge=1, description="requests of a frontend that name no user")
    rate_limit_task_api_minutes: int = Field(1, ge=1, description="within so many minutes")
    rate_limit_assistant_user_times: int = Field(
        4, ge=1, description="requests of one user for `assistant_reply` by name"
    )
    rate_limit_assistant_user_minutes: int = Field(2, ge=1, description="within so many minutes")
    rate_limit_prompter_user_times: int = Field(
        8, ge=1, description="requests of one user for `prompter_reply` by name"
    )
    rate_limit_prompter_user_minutes: int = Field(2, ge=1, description="within so many minutes")
    preset: Preset = Field(
        Preset.DEFAULT,
        description="`small`: limits with which two to four people finish trees; single limits win over it",
    )
    limits: Limits = Field(Limits(), description="what bounds the trees")

    def random(self, stream: str) -> Random:
        """A source of random numbers for one part of the program, such as a worker.

        With a seed it is the same at each start, and a different one for each `stream`.
        """
        return Random() if self.seed is None else Random(f"{self.seed} {stream}")

    @property
    def rates(self) -> Rates | None:
        """How often tasks may be asked for; None: as often as anybody likes."""
        if not self.rate_limit:
            return None
        return Rates(
            user=Rate(self.rate_limit_task_user_times, self.rate_limit_task_user_minutes),
            client=Rate(self.rate_limit_task_api_times, self.rate_limit_task_api_minutes),
            assistant_reply=Rate(self.rate_limit_assistant_user_times, self.rate_limit_assistant_user_minutes),
            prompter_reply=Rate(self.rate_limit_prompter_user_times, self.rate_limit_prompter_user_minutes),
        )

    @model_validator(mode="before")
    @classmethod
    def _only_known_variables(cls, values: Any) -> Any:
        """A mistyped variable would be a setting that is silently left at its default."""
        known = [
            f"{_PREFIX}{name.upper()}" for name in (*cls.model_fields, *(f"limits__{limit}" for limit in _DEFAULTS))
        ]
        set_here = {name.upper() for name, value in os.environ.items() if _is_ours(name.upper(), value)}
        if unknown := sorted(set_here.difference(known)):
            wrong = "; ".join(f"{name} is no setting{_nearest(name, known)}" for name in unknown)
            raise PydanticCustomError("unknown_variable", "{wrong}", {"wrong": wrong})
        return values

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, values: object) -> object:
        """Fill up the limits that are set one by one with those of the preset."""
        fields = cast("dict[str, object]", values)
        preset, limits = PRESETS.get(cast("Preset", fields.get("preset"))), fields.get("limits", {})
        if preset is None or not isinstance(limits, dict):
            return values
        return {**fields, "limits": asdict(preset) | cast("dict[str, object]", limits)}

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """As browsers send them: scheme, host and perhaps a port."""
        for origin in value:
            if not re.fullmatch(r"\*|[a-z][a-z+.-]*://[^/\s]+", origin):
                raise PydanticCustomError(
                    "origin", "{origin} is no origin such as https://chat.example", {"origin": origin}
                )
        return value

    @field_validator("limits", mode="before")
    @classmethod
    def _limits(cls, value: object) -> object:
        """Lists and languages in their usual form."""
        if not isinstance(value, dict):
            return value
        given = cast("dict[str, object]", value)
        for name in given.keys() - _DEFAULTS.keys():
            raise PydanticCustomError(
                "unknown_limit", "{name} is no limit{hint}", {"name": name, "hint": _nearest(name, _DEFAULTS)}
            )
        limits = {name: _value(each, _DEFAULTS[name]) for name, each in given.items()}
        if isinstance(langs := limits.get("init_prompt_disabled_langs"), list):
            limits["init_prompt_disabled_langs"] = [normalized(str(lang)) for lang in cast("list[object]", langs)]
        return limits


@cache
def settings() -> Settings:
    """The settings of this process. Raises pydantic's ValidationError, which names the variable and the rule."""
    return Settings.model_validate({})


@cache
def neo4j_settings() -> Neo4jSettings:
    """The server of this process."""
    return Neo4jSettings.model_validate({})
