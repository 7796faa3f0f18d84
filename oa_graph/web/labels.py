"""Names of the labels of reviews and reports, and the widget of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from oa_graph.domain.posts import GRADED_LABELS, TextLabel
from oa_graph.web.texts import N_

Widget = Literal["question", "switch", "scale"]


@dataclass(frozen=True, slots=True)
class LabelWords:
    """The question, the help and the name of a label."""

    label: str
    help: str = ""
    low: str = ""
    """The lower end of a scale."""
    high: str = ""
    short: str = ""
    """The name in a list, if it is not `label`."""

    @property
    def name(self) -> str:
        """The name of the label in a list."""
        return self.short or self.label


WORDS: Mapping[TextLabel, LabelWords] = {
    TextLabel.SPAM: LabelWords(
        N_("Is this message spam?"),
        N_("Worthless on purpose, advertising, or nothing to do with the conversation."),
        short=N_("Spam"),
    ),
    TextLabel.FAILS_TASK: LabelWords(
        N_("Does this reply miss what was asked?"),
        N_("It misses the point, or does something other than the instruction."),
        short=N_("Misses what was asked"),
    ),
    TextLabel.LANG_MISMATCH: LabelWords(N_("Wrong language"), N_("Quotations and code do not count.")),
    TextLabel.PII: LabelWords(N_("Personal data"), N_("Anything by which a private person could be found.")),
    TextLabel.NOT_APPROPRIATE: LabelWords(N_("Not appropriate"), N_("Unsuitable for a helpful, friendly assistant.")),
    TextLabel.HATE_SPEECH: LabelWords(N_("Hate speech"), N_("Abuse or threats aimed at people for what they are.")),
    TextLabel.SEXUAL_CONTENT: LabelWords(N_("Sexual content")),
    TextLabel.MORAL_JUDGEMENT: LabelWords(N_("Moral judgement")),
    TextLabel.POLITICAL_CONTENT: LabelWords(N_("Political content")),
    TextLabel.QUALITY: LabelWords(N_("Quality"), low=N_("very poor"), high=N_("excellent")),
    TextLabel.HELPFULNESS: LabelWords(N_("Helpfulness"), low=N_("of no use"), high=N_("very helpful")),
    TextLabel.CREATIVITY: LabelWords(N_("Creativity"), low=N_("ordinary"), high=N_("very original")),
    TextLabel.HUMOR: LabelWords(N_("Humor"), low=N_("serious"), high=N_("very funny")),
    TextLabel.TOXICITY: LabelWords(N_("Tone"), low=N_("friendly"), high=N_("very rude")),
    TextLabel.VIOLENCE: LabelWords(N_("Violence"), low=N_("harmless"), high=N_("very violent")),
}

_QUESTIONS = frozenset({TextLabel.SPAM, TextLabel.FAILS_TASK})


def widget(label: TextLabel) -> Widget:
    """Return the widget of a label: a yes-or-no question, a switch, or a scale."""
    if label in _QUESTIONS:
        return "question"
    return "scale" if label in GRADED_LABELS else "switch"
