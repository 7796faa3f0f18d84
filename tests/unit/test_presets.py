"""Named sets of limits: how they are chosen, and what wins over them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from oa_graph.domain.limits import PRESETS, Limits, Preset
from oa_graph.settings import Settings


def limits(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Limits:
    """The limits that these variables make, named without `OA_GRAPH_`."""
    for name, value in variables.items():
        monkeypatch.setenv(f"OA_GRAPH_{name}", value)
    return Settings.model_validate({}).limits


def test_without_a_preset_limits_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits(monkeypatch) == Limits() == PRESETS[Preset.DEFAULT]


@pytest.mark.parametrize("preset", Preset)
def test_a_preset_is_chosen_by_its_name(monkeypatch: pytest.MonkeyPatch, preset: Preset) -> None:
    assert limits(monkeypatch, PRESET=preset.value) == PRESETS[preset]


def test_a_single_limit_wins_over_the_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = limits(
        monkeypatch, PRESET="small", LIMITS__GOAL_TREE_SIZE="12", LIMITS__MANDATORY_LABELS_INITIAL_PROMPT=""
    )
    assert chosen.goal_tree_size == 12
    assert chosen.mandatory_labels_initial_prompt == ()
    assert chosen.num_reviews_reply == PRESETS[Preset.SMALL].num_reviews_reply


def test_limits_that_a_program_gives_are_taken_as_they_are() -> None:
    assert Settings.model_validate({"preset": "small", "limits": Limits()}).limits == Limits()


def test_an_unknown_preset_is_an_error_that_names_those_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match=r"(?s)preset.*'default' or 'small'"):
        limits(monkeypatch, PRESET="tiny")
