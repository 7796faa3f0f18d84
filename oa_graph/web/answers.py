"""From the forms of tasks to answers, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from oa_graph.domain.posts import TextLabel
from oa_graph.domain.tasks import Answer, EndVoteAnswer, LabelAnswer, RankingAnswer, Task, TaskKind, TextAnswer
from oa_graph.errors import InvalidRanking
from oa_graph.policy.kinds import KINDS
from oa_graph.web.labels import Widget, widget
from oa_graph.web.request import PageRequest
from oa_graph.web.texts import WORK_LANGUAGES, marked


class Incomplete(Exception):
    """A form lacks something; the message says what, in English."""


_MOST_CANDIDATES = 1000
"""More than any task has: a form cannot make the service count for long."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody entered into the form of a task."""

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


async def filled(request: PageRequest) -> Filled:
    """Read the form of a task."""
    asked = tuple(name for name in await request.fields("asked") if name in {*TextLabel})
    values = {name: await request.field(f"label-{name}") for name in asked}
    return Filled(
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
    return min(int(value), _MOST_CANDIDATES) if value.isascii() and value.isdigit() else 0


def message_id(task_id: str) -> str:
    """The id that the pages know a task by, and its answer: the same for each form of the task, whoever opens it."""
    return f"page-{task_id}"


def answer(task_id: str, filled: Filled) -> Answer:
    """Return the answer that a form means. Raise Incomplete or InvalidRanking."""
    spec = KINDS[TaskKind(filled.kind)] if filled.kind in {*TaskKind} else None
    if spec is None or spec.answer is TextAnswer:
        return _text(task_id, filled)
    if spec.answer is RankingAnswer:
        return RankingAnswer(None, _order(filled.places), filled.not_rankable, task=task_id)
    if spec.answer is EndVoteAnswer:
        return EndVoteAnswer(None, filled.ends == "yes", task=task_id)
    return LabelAnswer(task_id, None, text="", labels=_labels(filled), is_report=False)


def _text(task_id: str, filled: Filled) -> TextAnswer:
    text = filled.text.strip()
    if not text:
        raise Incomplete(marked("Please write something first."))
    lang = filled.lang if filled.lang in WORK_LANGUAGES else None
    return TextAnswer(None, message_id(task_id), text, lang, ends=bool(filled.ends), task=task_id)


def _order(places: Sequence[str]) -> tuple[int, ...]:
    """Return the candidates by their places. Raise InvalidRanking where a place is given twice."""
    if sorted(places) != sorted(str(place + 1) for place in range(len(places))):
        raise InvalidRanking(last=len(places) - 1)
    return tuple(sorted(range(len(places)), key=lambda candidate: int(places[candidate])))


def _labels(filled: Filled) -> dict[str, float]:
    """Return the values of the labels: a switch is on or off; a question or scale without an answer says nothing."""
    values: dict[str, float] = {}
    for name in filled.asked:
        value = filled.labels.get(name)
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
        raise Incomplete(marked("One question is still open."))
    return share


def questions(task: Task) -> dict[Widget, list[TextLabel]]:
    """Return the labels that a review asks for, by how each is given."""
    asked: dict[Widget, list[TextLabel]] = {"question": [], "switch": [], "scale": []}
    for name in task.form.labels if task.form else ():
        asked[widget(TextLabel(name))].append(TextLabel(name))
    return asked
