"""What a person has typed, in files: nothing is lost when the worker, the service or the connection ends."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from oa_graph.client import Task
from oa_graph.errors import Setup
from oa_graph.neo4j_server.locks import open_lock, try_lock


class WorkerRunning(Setup):
    """Another worker has the drafts of this user open ({folder}); end it first, or choose another --user."""


class Draft(BaseModel):
    """A task and its answer so far."""

    task: Task
    text: str = ""
    """What stands in the editor: the text, the order, or the vote."""
    labels: dict[str, float] = {}
    is_marked: bool = False
    """Of a text: the conversation ends with it. Of an order: no candidate is any good."""
    is_finished: bool = False
    """The person has sent it, and the service may not have it yet."""

    @property
    def is_begun(self) -> bool:
        """Return whether there is anything to lose."""
        return bool(self.text or self.labels)


class Drafts:
    """The drafts of one user of one service, a file for each task. Every keystroke is written at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, folder: Path, url: str, user: str) -> Drafts:
        """Return the drafts of a user below a folder that users and services share."""
        return cls(folder / quote(f"{url} {user}", safe=""))

    @contextmanager
    def locked(self) -> Generator[None]:
        """Keep other workers out. Raise WorkerRunning."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = open_lock(self.folder / "lock")
        try:
            if not try_lock(descriptor):
                raise WorkerRunning(folder=self.folder)
            yield
        finally:
            os.close(descriptor)

    def save(self, draft: Draft) -> None:
        """Write a draft. A reader finds the old file or the new one, never a part."""
        file = self._file(draft)
        new = file.with_suffix(".new")
        new.write_text(draft.model_dump_json(indent=1), "utf-8")
        new.replace(file)

    def all(self) -> list[Draft]:
        """Return the drafts, oldest first. A file that this version cannot read stays where it is."""
        files = sorted(self.folder.glob("*.json"), key=lambda file: file.stat().st_mtime)
        drafts = (_read(file) for file in files)
        return [draft for draft in drafts if draft is not None]

    def discard(self, draft: Draft) -> None:
        """Delete a draft, since the service has it or the person wants no more of it."""
        self._file(draft).unlink(missing_ok=True)

    def set_aside(self, draft: Draft) -> Path:
        """Keep an answer that the service does not take, and return its file."""
        refused = self.folder / "refused"
        refused.mkdir(mode=0o700, exist_ok=True)
        self.save(draft)
        return self._file(draft).replace(refused / f"{quote(draft.task.id, safe='')}.json")

    def _file(self, draft: Draft) -> Path:
        return self.folder / f"{quote(draft.task.id, safe='')}.json"


def _read(file: Path) -> Draft | None:
    try:
        return Draft.model_validate_json(file.read_text("utf-8"))
    except ValidationError:
        return None
