"""What a complete response looks like: the fields of each shape, as the protocol lists them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00")


def _fields(names: str) -> frozenset[str]:
    return frozenset(names.split())


FRONT_END_USER = _fields(
    "id display_name auth_method user_id enabled deleted notes created_date show_on_leaderboard streak_days "
    "streak_last_day_date last_activity_date tos_acceptance_date"
)
CONVERSATION_MESSAGE = _fields(
    "id user_id frontend_message_id text lang is_assistant emojis user_emojis user_is_author synthetic"
)
MESSAGE = CONVERSATION_MESSAGE | _fields(
    "parent_id created_date review_result review_count deleted edited model_name message_tree_id ranking_count rank "
    "user"
)
TREE_STATE = _fields("message_tree_id state goal_tree_size max_depth max_children_count active origin")
USER_SCORE = _fields(
    "rank user_id highlighted username auth_method display_name leader_score level base_date modified_date prompts "
    "replies_assistant replies_prompter labels_simple labels_full rankings_total rankings_good accepted_prompts "
    "accepted_replies_assistant accepted_replies_prompter reply_ranked_1 reply_ranked_2 reply_ranked_3 "
    "streak_last_day_date streak_days last_activity_date"
)
TROLL_SCORE = _fields(
    "rank user_id highlighted username auth_method display_name last_activity_date enabled deleted show_on_leaderboard "
    "troll_score base_date modified_date red_flags upvotes downvotes spam_prompts quality humor toxicity violence "
    "helpfulness spam lang_mismach not_appropriate pii hate_speech sexual_content political_content"
)
LABEL = _fields("name widget display_text help_text")
_REVIEW = _fields("guideline id type message_id valid_labels mandatory_labels mode disposition labels conversation")
_RANKING = _fields(
    "guideline id type conversation reply_messages replies message_tree_id ranking_parent_id reveal_synthetic"
)
TASKS: Mapping[str, frozenset[str]] = {
    "initial_prompt": _fields("guideline id type hint"),
    "prompter_reply": _fields("guideline id type hint conversation"),
    "assistant_reply": _fields("guideline id type conversation"),
    "rank_initial_prompts": _fields("guideline id type prompts prompt_messages"),
    "rank_prompter_replies": _RANKING,
    "rank_assistant_replies": _RANKING,
    "label_initial_prompt": _REVIEW | {"prompt"},
    "label_prompter_reply": _REVIEW | {"reply"},
    "label_assistant_reply": _REVIEW | {"reply"},
    "decide_end": _fields("guideline id type conversation"),
}

_ADDED = _fields("lease_until expires")
"""Fields of tasks that the protocol does not have."""

_IDS = ("user_id", "parent_id", "message_tree_id", "ranking_parent_id", "message_id")


def check_values(value: object) -> None:
    """Ids are lower-case UUIDs and dates have +00:00, wherever they stand."""
    if isinstance(value, list):
        for item in cast("list[object]", value):
            check_values(item)
    elif isinstance(value, dict):
        for name, item in cast("dict[str, object]", value).items():
            if isinstance(item, str) and name in _IDS:
                assert UUID.fullmatch(item), (name, item)
            if isinstance(item, str) and (name.endswith("_date") or name in _ADDED):
                assert MOMENT.fullmatch(item), (name, item)
            check_values(item)


def check_task(task: Any) -> None:
    """The task has every field of its kind and no other, all the way down."""
    assert set(task) == TASKS[task["type"]] | _ADDED
    assert UUID.fullmatch(task["id"])
    check_values(task)
    messages: list[Any] = task["conversation"]["messages"] if "conversation" in task else []
    for message in messages + task.get("reply_messages", []) + task.get("prompt_messages", []):
        assert set(message) == CONVERSATION_MESSAGE
        assert UUID.fullmatch(message["id"])
    for label in task.get("labels", ()):
        assert set(label) == LABEL
