"""Settings: those that every frontend may know, and all of them with the secrets masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import ceil
from typing import Annotated

from pydantic import JsonValue, WithJsonSchema

from oa_graph import settings
from oa_graph.api.wire.base import Out
from oa_graph.domain import limits
from oa_graph.domain.posts import TextLabel
from oa_graph.graph.session import ATTEMPTS

_MASK = "**********"
_AT_ONCE = 1
"""The least whole number of minutes or hours; figures are up to date within a second."""

FilePath = Annotated[str, WithJsonSchema({"type": "string", "format": "file-path"})]
Binary = Annotated[str, WithJsonSchema({"type": "string", "format": "binary"})]
Uri = Annotated[str, WithJsonSchema({"type": "string", "format": "uri"})]


class PublicSettings(Out):
    """The settings that every frontend may know."""

    PROJECT_NAME: str
    API_V1_STR: str
    MESSAGE_SIZE_LIMIT: int
    """Characters of a message."""
    DEBUG_USE_SEED_DATA: bool
    DEBUG_ALLOW_SELF_LABELING: bool
    DEBUG_SKIP_EMBEDDING_COMPUTATION: bool
    """Always true: none are computed."""
    DEBUG_SKIP_TOXICITY_CALCULATION: bool
    """Always true: none is calculated."""
    DEBUG_DATABASE_ECHO: bool
    USER_STATS_INTERVAL_DAY: int
    """In minutes, as those below; 1 stands for at once."""
    USER_STATS_INTERVAL_WEEK: int
    USER_STATS_INTERVAL_MONTH: int
    USER_STATS_INTERVAL_TOTAL: int


def public_settings(own_settings: settings.Settings) -> PublicSettings:
    return PublicSettings(
        PROJECT_NAME="oa_graph",
        API_V1_STR="/api/v1",
        MESSAGE_SIZE_LIMIT=own_settings.limits.message_size_limit,
        DEBUG_USE_SEED_DATA=False,
        DEBUG_ALLOW_SELF_LABELING=own_settings.limits.allow_self_labeling,
        DEBUG_SKIP_EMBEDDING_COMPUTATION=True,
        DEBUG_SKIP_TOXICITY_CALCULATION=True,
        DEBUG_DATABASE_ECHO=False,
        USER_STATS_INTERVAL_DAY=_AT_ONCE,
        USER_STATS_INTERVAL_WEEK=_AT_ONCE,
        USER_STATS_INTERVAL_MONTH=_AT_ONCE,
        USER_STATS_INTERVAL_TOTAL=_AT_ONCE,
    )


class TreeManagerConfiguration(Out):
    """What bounds and steers the growth of trees, as far as the original knew it."""

    max_active_trees: int
    max_initial_prompt_review: int
    max_tree_depth: int
    max_children_count: int
    num_prompter_replies: int
    goal_tree_size: int
    random_goal_tree_size: bool
    min_goal_tree_size: int
    num_reviews_initial_prompt: int
    num_reviews_reply: int
    auto_mod_enabled: bool
    auto_mod_max_skip_reply: int
    auto_mod_red_flags: int
    p_full_labeling_review_prompt: float
    p_full_labeling_review_reply_assistant: float
    p_full_labeling_review_reply_prompter: float
    acceptance_threshold_initial_prompt: float
    acceptance_threshold_reply: float
    num_required_rankings: int
    p_activate_backlog_tree: float
    min_active_rankings_per_lang: int
    labels_initial_prompt: list[TextLabel]
    labels_assistant_reply: list[TextLabel]
    labels_prompter_reply: list[TextLabel]
    mandatory_labels_initial_prompt: list[TextLabel]
    mandatory_labels_assistant_reply: list[TextLabel]
    mandatory_labels_prompter_reply: list[TextLabel]
    rank_prompter_replies: bool
    lonely_children_count: int
    p_lonely_child_extension: float
    recent_tasks_span_sec: int
    max_pending_tasks_per_user: int
    max_prompt_lottery_waiting: int
    init_prompt_disabled_langs: str
    """With commas."""


def _tree_manager(limits: limits.Limits) -> TreeManagerConfiguration:
    return TreeManagerConfiguration.model_validate(
        {**asdict(limits), "init_prompt_disabled_langs": ",".join(limits.init_prompt_disabled_langs)}
    )


class Settings(Out):
    """All settings. What the service has no use for is empty, 0 or false."""

    PROJECT_NAME: str
    API_V1_STR: str
    OFFICIAL_WEB_API_KEY: str
    """Masked."""
    AUTH_INFO: Binary
    """As all of AUTH: nobody logs in here."""
    AUTH_SALT: Binary
    AUTH_LENGTH: int
    AUTH_SECRET: Binary
    AUTH_COOKIE_NAME: str
    AUTH_ALGORITHM: str
    AUTH_ACCESS_TOKEN_EXPIRE_MINUTES: int
    AUTH_DISCORD_CLIENT_ID: str
    AUTH_DISCORD_CLIENT_SECRET: str
    POSTGRES_HOST: str
    """As all of POSTGRES and REDIS: there is none."""
    POSTGRES_PORT: str
    POSTGRES_USER: str
    POSTGRES_PASSWORD: str
    POSTGRES_DB: str
    DATABASE_URI: Uri | None
    """Of Neo4j."""
    DATABASE_MAX_TX_RETRY_COUNT: int
    RATE_LIMIT: bool
    MESSAGE_SIZE_LIMIT: int
    REDIS_HOST: str
    REDIS_PORT: str
    DEBUG_USE_SEED_DATA: bool
    DEBUG_USE_SEED_DATA_PATH: FilePath
    DEBUG_ALLOW_SELF_LABELING: bool
    DEBUG_ALLOW_SELF_RANKING: bool
    DEBUG_ALLOW_DUPLICATE_TASKS: bool
    DEBUG_SKIP_EMBEDDING_COMPUTATION: bool
    DEBUG_SKIP_TOXICITY_CALCULATION: bool
    DEBUG_DATABASE_ECHO: bool
    DEBUG_IGNORE_TOS_ACCEPTANCE: bool
    DUPLICATE_MESSAGE_FILTER_WINDOW_MINUTES: int
    HUGGING_FACE_API_KEY: str
    ROOT_TOKENS: list[str]
    """Masked, one by one."""
    ENABLE_PROM_METRICS: bool
    BACKEND_CORS_ORIGINS_CSV: str
    BACKEND_CORS_ORIGINS: list[Uri]
    UPDATE_ALEMBIC: bool
    """The schema is always brought up to date."""
    tree_manager: TreeManagerConfiguration
    USER_STATS_INTERVAL_DAY: int
    USER_STATS_INTERVAL_WEEK: int
    USER_STATS_INTERVAL_MONTH: int
    USER_STATS_INTERVAL_TOTAL: int
    USER_STREAK_UPDATE_INTERVAL: int
    """In hours; 1 stands for at once."""
    CACHED_STATS_UPDATE_INTERVAL: int
    """In minutes; 1 stands for at once."""
    RATE_LIMIT_TASK_USER_TIMES: int
    RATE_LIMIT_TASK_USER_MINUTES: int
    RATE_LIMIT_TASK_API_TIMES: int
    RATE_LIMIT_TASK_API_MINUTES: int
    RATE_LIMIT_ASSISTANT_USER_TIMES: int
    RATE_LIMIT_ASSISTANT_USER_MINUTES: int
    RATE_LIMIT_PROMPTER_USER_TIMES: int
    RATE_LIMIT_PROMPTER_USER_MINUTES: int
    TASK_VALIDITY_MINUTES: int
    DATABASE_POOL_SIZE: int
    DATABASE_MAX_OVERFLOW: int
    oa_graph: dict[str, JsonValue]
    """The service's own settings by their own names, secrets masked."""


_LACKING: Mapping[str, object] = {
    **dict.fromkeys(("AUTH_INFO", "AUTH_SALT", "AUTH_SECRET", "AUTH_COOKIE_NAME", "AUTH_ALGORITHM"), ""),
    **dict.fromkeys(("AUTH_LENGTH", "AUTH_ACCESS_TOKEN_EXPIRE_MINUTES"), 0),
    **dict.fromkeys(("AUTH_DISCORD_CLIENT_ID", "AUTH_DISCORD_CLIENT_SECRET", "HUGGING_FACE_API_KEY"), ""),
    **dict.fromkeys(("POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"), ""),
    **dict.fromkeys(("REDIS_HOST", "REDIS_PORT", "DEBUG_USE_SEED_DATA_PATH"), ""),
    "DATABASE_MAX_OVERFLOW": 0,
    "ENABLE_PROM_METRICS": False,
}
"""Settings of the original for what this service does not do."""


def full_settings(own_settings: settings.Settings, server: settings.Neo4jSettings) -> Settings:
    limits, own = own_settings.limits, own_settings.model_dump(mode="json")  # pydantic masks what is secret
    return Settings.model_validate(
        {
            **_LACKING,
            **public_settings(own_settings).model_dump(),
            **{name.upper(): value for name, value in own.items() if name.startswith("rate_limit")},
            "OFFICIAL_WEB_API_KEY": _MASK,
            "ROOT_TOKENS": [_MASK for _ in own_settings.root_tokens],
            "BACKEND_CORS_ORIGINS": list(own_settings.cors_origins),
            "BACKEND_CORS_ORIGINS_CSV": ",".join(own_settings.cors_origins),
            "DATABASE_URI": server.uri,
            "DATABASE_MAX_TX_RETRY_COUNT": ATTEMPTS,
            "DATABASE_POOL_SIZE": own_settings.pool_size,
            "DEBUG_ALLOW_SELF_RANKING": limits.allow_self_ranking,
            "DEBUG_ALLOW_DUPLICATE_TASKS": limits.allow_duplicate_tasks,
            "DEBUG_IGNORE_TOS_ACCEPTANCE": not limits.enforce_terms,
            "DUPLICATE_MESSAGE_FILTER_WINDOW_MINUTES": ceil(limits.duplicate_window_sec / 60),
            "TASK_VALIDITY_MINUTES": ceil(limits.task_validity_sec / 60),
            "UPDATE_ALEMBIC": True,
            "USER_STREAK_UPDATE_INTERVAL": _AT_ONCE,
            "CACHED_STATS_UPDATE_INTERVAL": _AT_ONCE,
            "tree_manager": _tree_manager(limits),
            "oa_graph": own,
        }
    )
