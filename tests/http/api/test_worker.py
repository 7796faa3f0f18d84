"""`oa-graph work` at a terminal that tests type on, with the real service: every kind of task, and what goes wrong."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from oa_graph.client import AsyncClient, LabelTask, TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.worker import lease_keeper
from oa_graph.worker.drafts import Draft, Drafts
from oa_graph.worker.lease_keeper import LeaseKeeper
from oa_graph.worker.screen import TaskScreen, described
from oa_graph.worker.work import TermsRefused, Worker
from tests.builders import plant
from tests.http.api.conftest import WEB, Service
from tests.processes import PATIENCE

pytestmark = pytest.mark.anyio

SEND, SKIP, MARK = "\x13", "\x18", "\x14"
"""Ctrl-S, Ctrl-X, Ctrl-T."""


@dataclass
class Terminal:
    """A terminal, and a folder of drafts."""

    service: Service
    keys: PipeInput
    folder: Path
    output: io.StringIO = field(default_factory=io.StringIO)
    work: asyncio.Task[None] = field(init=False)

    @property
    def drafts(self) -> Drafts:
        return Drafts.of(self.folder, self.service.url, "ada")

    @asynccontextmanager
    async def worker(self, kind: TaskKind | None = None) -> AsyncGenerator[None]:
        """A worker that works on tasks of a kind, until the end of the block."""
        screen = TaskScreen(Console(file=self.output, width=100), reorders=True)
        async with AsyncClient(self.service.url, WEB) as client:
            with self.drafts.locked(), create_app_session(input=self.keys, output=DummyOutput()):
                worker = Worker(client.user("ada"), self.drafts, screen, ["en"], kind)
                await worker.register(lambda: True)
                self.work = asyncio.create_task(worker.work())
                try:
                    yield
                finally:
                    self.work.cancel()
                    await asyncio.gather(self.work, return_exceptions=True)

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        end = monotonic() + PATIENCE
        while not await condition():
            assert not self.work.done(), self.work.result()
            assert monotonic() < end, self.output.getvalue()
            await asyncio.sleep(0.05)

    async def until_shown(self, text: str) -> None:
        async def is_shown() -> bool:
            return text in self.output.getvalue()

        await self.until(is_shown)

    async def until_drafted(self, text: str) -> None:
        async def is_drafted() -> bool:
            return any(draft.text == text for draft in self.drafts.all())

        await self.until(is_drafted)

    async def rows(self, statement: str) -> list[Any]:
        return list(await self.service.graph.execute(statement))  # pyright: ignore[reportArgumentType]


@pytest.fixture
def terminal(service: Service, tmp_path: Path) -> Generator[Terminal]:
    with create_pipe_input() as keys:
        yield Terminal(service, keys, tmp_path)


async def test_a_text_is_written_and_its_end_marked(terminal: Terminal) -> None:
    await plant(terminal.service.graph, {"What is rain?": {}})
    async with terminal.worker("assistant_reply"):
        await terminal.until_shown("What is rain?")
        terminal.keys.send_text(f"Water.\rFrom clouds.{MARK}{SEND}")
        await terminal.until_shown("Sent")
    rows = await terminal.rows("MATCH (post:Post {role: 'assistant'}) RETURN post.text AS text, post.ends AS ends")
    assert [row["text"] for row in rows] == ["Water.\nFrom clouds."]
    assert terminal.drafts.all() == []


async def test_candidates_are_put_into_an_order(terminal: Terminal) -> None:
    await plant(terminal.service.graph, {"What is hail?": {"Ice.": {}, "Stones.": {}}}, state=TreeState.RANKING)
    async with terminal.worker("rank_assistant_replies"):
        await terminal.until_shown("Stones.")
        terminal.keys.send_text("1 1\r\x15")  # refused by the worker, and deleted
        terminal.keys.send_text("2 1\r")
        await terminal.until_shown("Sent")
    rows = await terminal.rows("MATCH (ranking:Ranking) RETURN ranking.order AS order")
    assert [list(row["order"]) for row in rows] == [[1, 0]]


async def test_labels_are_asked_for_one_by_one_and_kept_in_between(terminal: Terminal) -> None:
    await plant(terminal.service.graph, {"?What is fog?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW)
    async with terminal.worker("label_initial_prompt"):
        await terminal.until_shown("Is this message spam?")
        terminal.keys.send_text("y\r<\rn\r")  # and corrected
        await terminal.until(lambda: _has_labels(terminal, {"spam": 0.0}))
    (draft,) = terminal.drafts.all()
    assert isinstance(draft.task, LabelTask)
    rest = ["3" if label.widget == "likert" else "n" for label in described(draft.task)[1:]]
    async with terminal.worker("label_initial_prompt"):
        terminal.keys.send_text("".join(f"{answer}\r" for answer in rest))
        await terminal.until_shown("Sent")
    assert len(await terminal.rows("MATCH (review:Review) RETURN review.id AS id")) == 1


async def _has_labels(terminal: Terminal, labels: dict[str, float]) -> bool:
    return [draft.labels for draft in terminal.drafts.all()] == [labels]


async def test_a_vote_says_whether_a_conversation_ends(terminal: Terminal) -> None:
    await plant(terminal.service.graph, {"What is snow?": {"=Ice.": {}}})
    async with terminal.worker("decide_end"):
        await terminal.until_shown("Is this conversation at its end?")
        terminal.keys.send_text("y\r")
        await terminal.until_shown("Sent")


async def test_a_task_is_skipped_with_a_reason(terminal: Terminal) -> None:
    await plant(terminal.service.graph, {"What is rain?": {}})
    async with terminal.worker("assistant_reply"):
        await terminal.until_shown("What is rain?")
        terminal.keys.send_text(f"Hm{SKIP}not my subject\r")
        await terminal.until(lambda: _any(terminal, "MATCH (task:Task {skipped: true}) RETURN task.id AS id"))
    rows = await terminal.rows("MATCH (task:Task {skipped: true}) RETURN task.skip_reason AS reason")
    assert rows[0]["reason"] == "not my subject"


async def _any(terminal: Terminal, statement: str) -> bool:
    return bool(await terminal.rows(statement))


async def test_work_goes_on_where_it_ended(terminal: Terminal) -> None:
    await plant(terminal.service.graph, {"What is rain?": {}})
    async with terminal.worker("assistant_reply"):
        await terminal.until_shown("What is rain?")
        terminal.keys.send_text("Water")
        await terminal.until_drafted("Water")
    async with terminal.worker("assistant_reply"):
        await terminal.until_shown("You left 1 of your tasks open.")
        terminal.keys.send_text(f" from clouds.{SEND}")
        await terminal.until_shown("Sent")
    rows = await terminal.rows("MATCH (post:Post {role: 'assistant'}) RETURN post.text AS text")
    assert [row["text"] for row in rows] == ["Water from clouds."]


async def test_an_answer_that_the_service_may_have_is_sent_again_and_stored_once(terminal: Terminal) -> None:
    await plant(terminal.service.graph, {"What is rain?": {}})
    async with terminal.worker("assistant_reply"):
        await terminal.until_shown("What is rain?")
        terminal.keys.send_text("Water")
        await terminal.until_drafted("Water")
    (draft,) = terminal.drafts.all()
    async with terminal.worker("assistant_reply"):
        terminal.keys.send_text(f".{SEND}")
        await terminal.until_shown("Sent")
    draft.text, draft.is_finished = "Water.", True
    terminal.drafts.save(draft)  # as if it was killed before the response arrived
    terminal.output.truncate(0)
    async with terminal.worker("assistant_reply"):
        await terminal.until_shown("Sent")
    assert len(await terminal.rows("MATCH (post:Post {role: 'assistant'}) RETURN post.text AS text")) == 1


async def test_a_refused_answer_is_kept_in_a_file(terminal: Terminal) -> None:
    planted = await plant(terminal.service.graph, {"What is rain?": {}})
    async with terminal.worker("assistant_reply"):
        await terminal.until_shown("What is rain?")
        await terminal.service.graph.execute(
            "MATCH (tree:Tree {id: $id}) SET tree.state = 'halted_by_moderator'", id=planted["What is rain?"]
        )
        terminal.keys.send_text(f"Water.{SEND}")
        await terminal.until_shown("It is kept in")
    (file,) = (terminal.drafts.folder / "refused").iterdir()
    assert Draft.model_validate_json(file.read_text("utf-8")).text == "Water."


async def test_a_text_that_is_too_long_can_be_changed(terminal: Terminal) -> None:
    await plant(terminal.service.graph, {"What is rain?": {}})
    async with terminal.worker("assistant_reply"):
        await terminal.until_shown("What is rain?")
        terminal.keys.send_text(f"{'no ' * 1000}{SEND}")
        await terminal.until_shown("does not accept this")
        terminal.keys.send_text(f"{chr(127) * 2990}{SEND}")
        await terminal.until_shown("Sent")


async def test_the_terms_are_asked_for_once(terminal: Terminal) -> None:
    screen = TaskScreen(Console(file=terminal.output), reorders=True)
    async with AsyncClient(terminal.service.url, WEB) as client:
        worker = Worker(client.user("ada"), terminal.drafts, screen, ["en"], None)
        with pytest.raises(TermsRefused):
            await worker.register(lambda: False)
        await worker.register(lambda: True)
        await worker.register(lambda: False)


async def test_a_lease_is_renewed_after_typing_if_the_task_holds_a_place(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_keeper, "RENEWALS", (0.05, 0.05))
    await plant(service.graph, {"What is rain?": {}})
    async with AsyncClient(service.url, WEB) as client:
        user = client.user("ada")
        await user.register(accept_terms=True)
        keeper = LeaseKeeper(user, await user.request_task("assistant_reply"))
        async with keeper.kept():
            while keeper.is_wanted:  # noqa: ASYNC110 - another's event
                await asyncio.sleep(0.05)
            (before,) = await user.open_tasks()
            await asyncio.sleep(1)
            keeper.is_wanted = True
            while keeper.is_wanted:  # noqa: ASYNC110 - another's event
                await asyncio.sleep(0.05)
        (after,) = await user.open_tasks()
        assert keeper.status.startswith("Reserved for you until")
        assert before.lease_until is not None
        assert after.lease_until is not None
        assert before.lease_until < after.lease_until

        prompt = LeaseKeeper(user, await user.request_task("initial_prompt"))
        async with prompt.kept():
            while (await user.open_tasks())[0].message_id is None:  # noqa: ASYNC110 - another's event
                await asyncio.sleep(0.05)
        assert prompt.status == ""
