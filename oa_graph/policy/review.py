"""The labels that a review asks for, and the verdict on a post."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import LabelMode, ReviewForm, TaskKind

_NOISE = 1e-9
"""Far below the step between two possible scores, far above the rounding error of their means."""


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """The limits of one kind of review."""

    quota: int
    """Reviews that a verdict needs."""
    threshold: float
    labels: tuple[str, ...]
    mandatory: tuple[str, ...]
    p_full: float
    simple: frozenset[str]
    """Labels of the short form beside the mandatory ones."""


def rules(kind: TaskKind, limits: Limits) -> ReviewRules:
    """Return the rules of a kind of review. Raise ValueError for other kinds of tasks."""
    match kind:
        case TaskKind.LABEL_INITIAL_PROMPT:
            return ReviewRules(
                quota=limits.num_reviews_initial_prompt,
                threshold=limits.acceptance_threshold_initial_prompt,
                labels=limits.labels_initial_prompt,
                mandatory=limits.mandatory_labels_initial_prompt,
                p_full=limits.p_full_labeling_review_prompt,
                simple=frozenset({"lang_mismatch"}),
            )
        case TaskKind.LABEL_PROMPTER_REPLY:
            return ReviewRules(
                quota=limits.num_reviews_reply,
                threshold=limits.acceptance_threshold_reply,
                labels=limits.labels_prompter_reply,
                mandatory=limits.mandatory_labels_prompter_reply,
                p_full=limits.p_full_labeling_review_reply_prompter,
                simple=frozenset({"lang_mismatch", "quality"}),
            )
        case TaskKind.LABEL_ASSISTANT_REPLY:
            return ReviewRules(
                quota=limits.num_reviews_reply,
                threshold=limits.acceptance_threshold_reply,
                labels=limits.labels_assistant_reply,
                mandatory=limits.mandatory_labels_assistant_reply,
                p_full=limits.p_full_labeling_review_reply_assistant,
                simple=frozenset({"lang_mismatch", "quality"}),
            )
        case _:
            raise ValueError(f"{kind} is no review")


def verdict(*, reviews: int, quota: int, spam: float, lang_mismatch: float, threshold: float) -> bool | None:
    """Return whether a post is accepted; None while it has fewer reviews than its quota.

    `spam` and `lang_mismatch` are means over the reviews; a missing label counts as 0. The score, 1 minus their sum,
    has to exceed the threshold. Means of thirds and tenths are not exact: 1 - (0.1 + 0.3) must not exceed 0.6 by a
    rounding error while 1 - 0.4 does not. So the score has to exceed the threshold by more than the noise.
    """
    if reviews < quota:
        return None
    return 1 - (spam + lang_mismatch) - threshold > _NOISE


def valid_labels(kind: TaskKind, limits: Limits) -> tuple[str, ...]:
    """Return all labels of the long form, in the order of the settings.

    A mandatory label is valid even if the settings do not list it as a label; otherwise no answer could be valid.
    """
    review_rules = rules(kind, limits)
    return tuple(dict.fromkeys((*review_rules.labels, *review_rules.mandatory)))


def form(kind: TaskKind, *, asked_by_name: bool, limits: Limits, rng: Random) -> ReviewForm:
    """Return the form of a review: all labels, or by chance only the most important ones.

    A request by name for the review of a reply always gets the long form; for prompts chance decides either way.
    """
    review_rules, labels = rules(kind, limits), valid_labels(kind, limits)
    by_chance = kind is TaskKind.LABEL_INITIAL_PROMPT or not asked_by_name
    if by_chance and rng.random() >= review_rules.p_full:
        short_labels = tuple(
            label for label in labels if label in review_rules.simple or label in review_rules.mandatory
        )
        return ReviewForm(
            mode=LabelMode.SIMPLE, disposition="spam", labels=short_labels, mandatory=review_rules.mandatory
        )
    return ReviewForm(mode=LabelMode.FULL, disposition="quality", labels=labels, mandatory=review_rules.mandatory)
