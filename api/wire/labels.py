"""Labels, and how to ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from oa_graph.api.wire.base import Out
from oa_graph.domain.posts import TextLabel

Widget = Literal["yes_no", "flag", "likert"]


class LabelDescription(Out):
    """How to ask for a label."""

    name: str
    widget: Widget
    display_text: str
    help_text: str | None


_LABELS: Mapping[TextLabel, tuple[Widget, str, str | None]] = {
    TextLabel.SPAM: (
        "yes_no",
        "Is this message spam?",
        "Worthless on purpose, advertising, or nothing to do with the conversation.",
    ),
    TextLabel.FAILS_TASK: (
        "yes_no",
        "Does this reply fail to do what was asked?",
        "It misses the point, or does something other than the instruction.",
    ),
    TextLabel.LANG_MISMATCH: (
        "flag",
        "Wrong language",
        "Not written in the expected language. Quotations and code do not count.",
    ),
    TextLabel.PII: (
        "flag",
        "Contains personal data",
        "Anything by which a private person could be found: a full name with an address, a phone number.",
    ),
    TextLabel.NOT_APPROPRIATE: ("flag", "Not appropriate", "Unsuitable for a helpful, friendly assistant."),
    TextLabel.HATE_SPEECH: (
        "flag",
        "Contains hate speech",
        "Abuse or threats aimed at people for what they are: origin, religion, sex, disability.",
    ),
    TextLabel.SEXUAL_CONTENT: ("flag", "Contains sexual content", None),
    TextLabel.MORAL_JUDGEMENT: ("flag", "Passes moral judgement", None),
    TextLabel.POLITICAL_CONTENT: ("flag", "Contains political content", None),
    TextLabel.QUALITY: ("likert", "Overall quality", "0: very poor, 1: excellent."),
    TextLabel.TOXICITY: ("likert", "How rude or insulting it is", "0: friendly, 1: very rude."),
    TextLabel.HUMOR: ("likert", "How humorous it is", "0: serious, 1: very funny."),
    TextLabel.HELPFULNESS: ("likert", "How helpful it is", "0: of no use, 1: very helpful."),
    TextLabel.CREATIVITY: ("likert", "How creative it is", "0: ordinary, 1: very original."),
    TextLabel.VIOLENCE: ("likert", "How violent it is", "0: harmless, 1: calls for or revels in violence."),
}

LABELS: Mapping[str, LabelDescription] = {
    name.value: LabelDescription(name=name.value, widget=widget, display_text=text, help_text=help)
    for name, (widget, text, help) in _LABELS.items()
}
"""Every label, in the order in which free labels are offered."""


def described(names: Iterable[str]) -> list[LabelDescription]:
    return [LABELS[name] for name in names]


class ValidLabelsResponse(Out):
    """Labels in the order in which they are shown."""

    valid_labels: list[LabelDescription]


def valid_labels(names: Iterable[str]) -> ValidLabelsResponse:
    return ValidLabelsResponse(valid_labels=described(names))
