"""What a review asks, and when reviews accept or reject a post."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from oa_graph.model import Form, LabelMode, Limits, TaskKind

_NOISE = 1e-9
"""Far below any step between two scores that people's labels make, far above the rounding of their means."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the limits say of one kind of review."""

    quota: int
    """Reviews before there is a verdict."""
    threshold: float
    labels: tuple[str, ...]
    mandatory: tuple[str, ...]
    p_full: float
    simple: frozenset[str]
    """What the short form asks beside the mandatory labels."""


def rules(kind: TaskKind, limits: Limits) -> Rules:
    """The rules of a kind of review. Raises ValueError for tasks that are no reviews."""
    match kind:
        case TaskKind.LABEL_INITIAL_PROMPT:
            return Rules(
                quota=limits.num_reviews_initial_prompt,
                threshold=limits.acceptance_threshold_initial_prompt,
                labels=limits.labels_initial_prompt,
                mandatory=limits.mandatory_labels_initial_prompt,
                p_full=limits.p_full_labeling_review_prompt,
                simple=frozenset({"lang_mismatch"}),
            )
        case TaskKind.LABEL_PROMPTER_REPLY:
            return Rules(
                quota=limits.num_reviews_reply,
                threshold=limits.acceptance_threshold_reply,
                labels=limits.labels_prompter_reply,
                mandatory=limits.mandatory_labels_prompter_reply,
                p_full=limits.p_full_labeling_review_reply_prompter,
                simple=frozenset({"lang_mismatch", "quality"}),
            )
        case TaskKind.LABEL_ASSISTANT_REPLY:
            return Rules(
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
    """Whether a post is accepted; None while it has fewer reviews than its quota.

    `spam` and `lang_mismatch` are means over the reviews; a label that nobody gave counts as 0. The score, 1
    less their sum, has to be greater than the threshold. Means of thirds and tenths are not exact, and 1 -
    (0.1 + 0.3) must not pass 0.6 by a rounding error while 1 - 0.4 does not, so a score that is above by no
    more than noise is not above.
    """
    if reviews < quota:
        return None
    return 1 - (spam + lang_mismatch) - threshold > _NOISE


def valid_labels(kind: TaskKind, limits: Limits) -> tuple[str, ...]:
    """All labels of the long form, in the order of the settings.

    A label that is mandatory is valid, whether or not the settings list it twice: else no answer could be
    right.
    """
    each = rules(kind, limits)
    return tuple(dict.fromkeys((*each.labels, *each.mandatory)))


def form(kind: TaskKind, *, asked_by_name: bool, limits: Limits, rng: Random) -> Form:
    """What a review of this kind asks: everything, or by chance the few labels that matter most.

    Who asks for the review of a reply by name always gets the long form; prompts are subject to chance either
    way.
    """
    each, labels = rules(kind, limits), valid_labels(kind, limits)
    by_chance = kind is TaskKind.LABEL_INITIAL_PROMPT or not asked_by_name
    if by_chance and rng.random() >= each.p_full:
        few = tuple(label for label in labels if label in each.simple or label in each.mandatory)
        return Form(mode=LabelMode.SIMPLE, disposition="spam", labels=few, mandatory=each.mandatory)
    return Form(mode=LabelMode.FULL, disposition="quality", labels=labels, mandatory=each.mandatory)
