from __future__ import annotations

import pytest

from oa_graph.crowd.client import Client, Refusal
from oa_graph.crowd.habits import DILIGENT, SLOW
from oa_graph.crowd.ledger import Ledger
from oa_graph.crowd.simulate import Crowd, Progress
from tests.crowd.scripted import Scripted, refuse, reply_task

pytestmark = pytest.mark.anyio


async def test_a_run_ends_when_enough_is_done_and_reports_it(scripted: Scripted) -> None:
    scripted.tasks = [reply_task() for _ in range(6)]
    seen: list[Progress] = []
    async with Client("http://server", "key", Ledger(), transport=scripted.transport) as client:
        crowd = Crowd(client, users=3, seed=2, habits={DILIGENT: 2, SLOW: 1}, pace=0.0)
        report = await crowd.work(30.0, until=lambda progress: progress.tasks >= 5, on_progress=seen.append)
    assert report.tasks >= 5
    assert report.seconds < 10
    assert report.habits == {"diligent": 2, "slow": 1}
    assert seen[-1].tasks >= 5
    assert report.unexpected == ()


async def test_a_run_ends_when_the_time_is_over(scripted: Scripted) -> None:
    async with Client("http://server", "key", Ledger(), transport=scripted.transport) as client:
        report = await Crowd(client, users=2, seed=1, pace=0.0).work(0.5)
    assert 0.5 <= report.seconds < 5
    assert report.tasks == 0


async def test_a_wrong_key_is_told_at_once(scripted: Scripted) -> None:
    scripted.replies["/frontend_users/"] = refuse(403, 2, "unknown key")
    async with Client("http://server", "key", Ledger(), transport=scripted.transport) as client:
        with pytest.raises(Refusal, match="unknown key"):
            await Crowd(client, users=2, seed=1).work(60.0)


async def test_users_are_new_in_each_run_and_their_texts_are_not() -> None:
    names: set[object] = set()
    texts: list[object] = []
    for _ in range(2):
        scripted = Scripted(tasks=[reply_task() for _ in range(3)])
        async with Client("http://server", "key", Ledger(), transport=scripted.transport) as client:
            crowd = Crowd(client, users=1, seed=3, habits={DILIGENT: 1}, pace=0.0)
            await crowd.work(10.0, until=lambda _, scripted=scripted: not scripted.tasks)
        names.add(scripted.bodies("/frontend_users/")[0]["id"])
        texts.append([body["text"] for body in scripted.bodies("/interaction")])
    assert len(names) == 2
    assert texts[0] == texts[1]
