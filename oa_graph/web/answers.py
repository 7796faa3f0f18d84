"""Convert the forms of tasks to answers, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from oa_graph.domain.posts import TextLabel
from oa_graph.domain.tasks import Answer, EndVoteAnswer, LabelAnswer, RankingAnswer, Task, TaskKind, TextAnswer
from oa_graph.errors import InvalidRanking
from oa_graph.policy.kinds import KINDS
from oa_graph.web.labels import Widget, widget
from oa_graph.web.request import PageRequest
from oa_graph.web.texts import N_, WORK_LANGUAGES


class Incomplete(Exception):
    """A form is incomplete; the message says what is missing, in English."""


_MAX_CANDIDATES = 1000
"""More than any task has; bounds the work that a forged form can cause."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What the user entered into the form of a task."""

    text: str = ""
    kind: str = ""
    lang: str = ""
    ends: str = ""
    places: tuple[str, ...] = ()
    """The place of each candidate, in the order shown."""
    not_rankable: bool = False
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    asked: tuple[str, ...] = ()
    """The labels that the form asks for."""


async def read_submission(request: PageRequest) -> Submission:
    """Read the form of a task."""
    asked = tuple(name for name in await request.fields("asked") if name in {*TextLabel})
    values = {name: await request.field(f"label-{name}") for name in asked}
    return Submission(
        text=await request.field("text"),
        kind=await request.field("kind"),
        lang=await request.field("lang"),
        ends=await request.field("ends"),
        places=tuple(
            [await request.field(f"place-{index}") for index in range(_count(await request.field("candidates")))]
        ),
        not_rankable=bool(await request.field("not_rankable")),
        labels={name: value for name, value in values.items() if value},
        asked=asked,
    )


def _count(value: str) -> int:
    """Return the number of candidates that a form says it has."""
    return min(int(value), _MAX_CANDIDATES) if value.isascii() and value.isdigit() else 0


def message_id(task_id: str) -> str:
    """Return the frontend id of a task and of its answer: the same in every tab that shows the task."""
    return f"page-{task_id}"


def answer(task_id: str, submission: Submission) -> Answer:
    """Return the answer that was submitted. Raise Incomplete or InvalidRanking."""
    spec = KINDS[TaskKind(submission.kind)] if submission.kind in {*TaskKind} else None
    if spec is None or spec.answer is TextAnswer:
        return _text(task_id, submission)
    if spec.answer is RankingAnswer:
        return RankingAnswer(None, _order(submission.places), submission.not_rankable, task=task_id)
    if spec.answer is EndVoteAnswer:
        return EndVoteAnswer(None, submission.ends == "yes", task=task_id)
    return LabelAnswer(task_id, None, text="", labels=_labels(submission), is_report=False)


def _text(task_id: str, submission: Submission) -> TextAnswer:
    text = submission.text.strip()
    if not text:
        raise Incomplete(N_("Please write something first."))
    lang = submission.lang if submission.lang in WORK_LANGUAGES else None
    return TextAnswer(None, message_id(task_id), text, lang, ends=bool(submission.ends), task=task_id)


def _order(places: Sequence[str]) -> tuple[int, ...]:
    """Return the indexes of the candidates, best first. Raise InvalidRanking if two have the same place."""
    if sorted(places) != sorted(str(place + 1) for place in range(len(places))):
        raise InvalidRanking(last=len(places) - 1)
    return tuple(sorted(range(len(places)), key=lambda candidate: int(places[candidate])))


def _labels(submission: Submission) -> dict[str, float]:
    """Return the labels. A switch is always 1 or 0; a question or scale without an answer is left out."""
    values: dict[str, float] = {}
    for name in submission.asked:
        value = submission.labels.get(name)
        if widget(TextLabel(name)) == "switch":
            values[name] = 1.0 if value else 0.0
        elif value is not None:
            values[name] = _share(value)
    return values


def _share(value: str) -> float:
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise Incomplete(N_("One question is still open."))
    return share


def questions(task: Task) -> dict[Widget, list[TextLabel]]:
    """Return the labels that a review asks for, by widget."""
    asked: dict[Widget, list[TextLabel]] = {"question": [], "switch": [], "scale": []}
    for name in task.form.labels if task.form else ():
        asked[widget(TextLabel(name))].append(TextLabel(name))
    return asked
