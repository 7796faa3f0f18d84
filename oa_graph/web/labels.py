"""The labels of reviews and reports in the words of the pages, and how each is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from oa_graph.domain.posts import GRADED_LABELS, TextLabel
from oa_graph.web.texts import marked

Widget = Literal["question", "switch", "scale"]


@dataclass(frozen=True, slots=True)
class LabelWords:
    """How a label is asked for."""

    label: str
    help: str = ""
    low: str = ""
    """The lower end of a scale."""
    high: str = ""
    short: str = ""
    """How it is called where it is not asked for, if otherwise."""

    @property
    def name(self) -> str:
        """How the label is called in a list."""
        return self.short or self.label


WORDS: Mapping[TextLabel, LabelWords] = {
    TextLabel.SPAM: LabelWords(
        marked("Is this message spam?"),
        marked("Worthless on purpose, advertising, or nothing to do with the conversation."),
        short=marked("Spam"),
    ),
    TextLabel.FAILS_TASK: LabelWords(
        marked("Does this reply miss what was asked?"),
        marked("It misses the point, or does something other than the instruction."),
        short=marked("Misses what was asked"),
    ),
    TextLabel.LANG_MISMATCH: LabelWords(marked("Wrong language"), marked("Quotations and code do not count.")),
    TextLabel.PII: LabelWords(marked("Personal data"), marked("Anything by which a private person could be found.")),
    TextLabel.NOT_APPROPRIATE: LabelWords(
        marked("Not appropriate"), marked("Unsuitable for a helpful, friendly assistant.")
    ),
    TextLabel.HATE_SPEECH: LabelWords(
        marked("Hate speech"), marked("Abuse or threats aimed at people for what they are.")
    ),
    TextLabel.SEXUAL_CONTENT: LabelWords(marked("Sexual content")),
    TextLabel.MORAL_JUDGEMENT: LabelWords(marked("Moral judgement")),
    TextLabel.POLITICAL_CONTENT: LabelWords(marked("Political content")),
    TextLabel.QUALITY: LabelWords(marked("Quality"), low=marked("very poor"), high=marked("excellent")),
    TextLabel.HELPFULNESS: LabelWords(marked("Helpfulness"), low=marked("of no use"), high=marked("very helpful")),
    TextLabel.CREATIVITY: LabelWords(marked("Creativity"), low=marked("ordinary"), high=marked("very original")),
    TextLabel.HUMOR: LabelWords(marked("Humor"), low=marked("serious"), high=marked("very funny")),
    TextLabel.TOXICITY: LabelWords(marked("Tone"), low=marked("friendly"), high=marked("very rude")),
    TextLabel.VIOLENCE: LabelWords(marked("Violence"), low=marked("harmless"), high=marked("very violent")),
}

_QUESTIONS = frozenset({TextLabel.SPAM, TextLabel.FAILS_TASK})


def widget(label: TextLabel) -> Widget:
    """How a label is given: yes or no, on or off, or in steps."""
    if label in _QUESTIONS:
        return "question"
    return "scale" if label in GRADED_LABELS else "switch"
