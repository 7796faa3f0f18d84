"""The limits that control the growth of trees: their values and meanings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from litestar import Response, get

from oa_graph.domain.limits import PRESETS, Preset, SamplingPolicy, limit_meanings
from oa_graph.policy import growth
from oa_graph.web.render import page
from oa_graph.web.request import PageRequest
from oa_graph.web.texts import N_

GROUPS: Mapping[str, tuple[str, ...]] = {
    N_("Prompts and the lottery"): (
        "max_active_trees",
        "max_initial_prompt_review",
        "max_prompt_lottery_waiting",
        "init_prompt_disabled_langs",
        "rank_initial_prompts",
        "prompts_to_rank",
        "num_prompt_rankings",
        "prompt_chance_floor",
    ),
    N_("Size of trees"): (
        "goal_tree_size",
        "random_goal_tree_size",
        "min_goal_tree_size",
        "max_tree_depth",
        "max_children_count",
        "num_prompter_replies",
        "min_human_replies",
        "lonely_children_count",
        "p_lonely_child_extension",
    ),
    N_("Reviews"): (
        "num_reviews_initial_prompt",
        "num_reviews_reply",
        "acceptance_threshold_initial_prompt",
        "acceptance_threshold_reply",
        "p_full_labeling_review_prompt",
        "p_full_labeling_review_reply_assistant",
        "p_full_labeling_review_reply_prompter",
        "labels_initial_prompt",
        "labels_assistant_reply",
        "labels_prompter_reply",
        "mandatory_labels_initial_prompt",
        "mandatory_labels_assistant_reply",
        "mandatory_labels_prompter_reply",
    ),
    N_("Rankings"): (
        "num_required_rankings",
        "rank_prompter_replies",
        "rank_while_growing",
        "p_activate_backlog_tree",
        "min_active_rankings_per_lang",
    ),
    N_("Ends of conversations"): ("num_end_votes", "p_end_vote", "end_vote_min_depth"),
    N_("Which place a task gets"): (
        "sampling",
        "sampling_assistant_reply",
        "sampling_prompter_reply",
        "sampling_reviews",
        "sampling_rankings",
        "rank_decay",
    ),
    N_("Tasks and their time"): (
        "lease_sec",
        "lease_max_sec",
        "task_validity_sec",
        "recent_tasks_span_sec",
        "max_pending_tasks_per_user",
        "message_size_limit",
        "duplicate_window_sec",
        "author_edit_sec",
        "enforce_terms",
    ),
    N_("Moderation"): ("auto_mod_enabled", "auto_mod_max_skip_reply", "auto_mod_red_flags"),
    N_("Studies and trials"): (
        "show_authors_in_judgements",
        "hide_authors_of_unfinished_trees",
        "allow_self_labeling",
        "allow_self_ranking",
        "allow_duplicate_tasks",
    ),
}
"""The limits in the order of the page."""


@cache
def meanings() -> Mapping[str, str]:
    """Return the meaning of each limit, as plain text."""
    return {name: text.replace("`", "") for name, text in limit_meanings().items()}


@get("/limits")
async def limits(request: PageRequest) -> Response[Any]:
    """Show all limits, and how to change them."""
    values, usual = request.collection.context.limits, PRESETS[Preset.DEFAULT]
    groups = [
        (
            title,
            [
                (name, _shown(request, getattr(values, name)), getattr(values, name) == getattr(usual, name))
                for name in names
            ],
        )
        for title, names in GROUPS.items()
    ]
    return page(request, "limits.html", groups=groups, meanings=meanings(), people=growth.people_needed(values))


def _shown(request: PageRequest, value: object) -> str:
    match value:
        case True:
            return request.gettext(N_("yes"))
        case False:
            return request.gettext(N_("no"))
        case None | ():
            return "–"
        case tuple():
            return ", ".join(str(part) for part in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case SamplingPolicy():
            return value.value
        case _:
            return f"{value:,}" if isinstance(value, int) else f"{value}"
