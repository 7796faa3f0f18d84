"""Drafts in files."""

from __future__ import annotations

from pathlib import Path

import pytest

from oa_graph.client import PromptTask
from oa_graph.worker.drafts import Draft, Drafts, WorkerRunning


@pytest.fixture
def drafts(tmp_path: Path) -> Drafts:
    drafts = Drafts.of(tmp_path, "http://server", "ada/../b")
    drafts.folder.mkdir()
    return drafts


def draft(id: str, text: str = "") -> Draft:
    return Draft(task=PromptTask(id=id, type="initial_prompt", hint=None), text=text)


def test_a_draft_is_there_as_it_was_saved_last(drafts: Drafts) -> None:
    for text in ("W", "Wa", "Water שלום"):
        drafts.save(draft("t", text))
    assert drafts.all() == [draft("t", "Water שלום")]
    drafts.discard(draft("t"))
    assert drafts.all() == []


def test_users_and_services_have_drafts_of_their_own(tmp_path: Path) -> None:
    folders = {
        Drafts.of(tmp_path, url, user).folder for url in ("http://a", "http://b") for user in ("ada", "bob", "../ada")
    }
    assert len(folders) == 6
    assert {folder.parent for folder in folders} == {tmp_path}


def test_a_file_that_cannot_be_read_stays(drafts: Drafts) -> None:
    broken = drafts.folder / "broken.json"
    broken.write_text('{"task": {"type": "sing_a_song"}, "text": "la la"}')
    assert drafts.all() == []
    assert broken.exists()


def test_a_refused_answer_is_kept_elsewhere(drafts: Drafts) -> None:
    file = drafts.set_aside(draft("t", "Water."))
    assert drafts.all() == []
    assert Draft.model_validate_json(file.read_text("utf-8")).text == "Water."


def test_one_worker_at_a_time_has_the_drafts(drafts: Drafts) -> None:
    with drafts.locked(), pytest.raises(WorkerRunning), Drafts(drafts.folder).locked():
        pass
    with drafts.locked():
        pass
