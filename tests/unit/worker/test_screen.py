"""How texts look on a terminal, right-to-left ones too."""

from __future__ import annotations

import io
from typing import get_args

import pytest
from rich.console import Console

from oa_graph.client import LabelDescription
from oa_graph.client.models import TaskKind
from oa_graph.worker.screen import TITLES, Written, label_input, label_value, visual


def shown(text: str, *, width: int = 20, reorders: bool = True) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width, force_terminal=False).print(Written(text, reorders=reorders))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_every_kind_of_task_has_a_title() -> None:
    assert set(TITLES) == set(get_args(TaskKind))


def test_right_to_left_text_is_in_visual_order_and_stands_at_the_right() -> None:
    assert shown("שלום עולם", width=12) == ["   םלוע םולש"]


def test_lines_are_wrapped_before_they_are_reordered() -> None:
    # The beginning of the text is in the first line.
    assert shown("אחת שתיים שלוש ארבע", width=10) == [" םייתש תחא", " עברא שולש"]


def test_numbers_and_latin_words_inside_keep_their_direction() -> None:
    assert visual("עוד 12 shekel") == "shekel 12 דוע"


def test_left_to_right_text_is_as_it_was_written() -> None:
    assert shown("Water falls.\n\nDown.") == ["Water falls.", "", "Down."]


def test_a_terminal_that_reorders_gets_the_text_as_it_is() -> None:
    assert [line.strip() for line in shown("שלום עולם", reorders=False)] == ["שלום עולם"]


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in "".join(shown("red \x1b[31m text\u202e"))


@pytest.mark.parametrize(("widget", "text", "value"), [("likert", "3", 0.75), ("yes_no", "Y", 1.0), ("flag", "n", 0.0)])
def test_labels_are_typed_as_a_person_would(widget: str, text: str, value: float) -> None:
    label = LabelDescription.model_validate(
        {"name": "quality", "widget": widget, "display_text": "Quality", "help_text": None}
    )
    assert label_value(text, label) == value
    assert label_input(value, label) == text.lower()
