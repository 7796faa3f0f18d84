from __future__ import annotations

import pytest

from oa_graph.client import ApiError, AsyncClient
from oa_graph.simulator.profiles import DILIGENT, SLOW
from oa_graph.simulator.recorder import Recorder
from oa_graph.simulator.simulate import Crowd, Progress
from tests.unit.simulator.scripted import Scripted, refuse, reply_task

pytestmark = pytest.mark.anyio


async def test_a_run_ends_when_enough_is_done_and_reports_it(scripted: Scripted) -> None:
    scripted.tasks = [reply_task() for _ in range(6)]
    seen: list[Progress] = []
    recorder = Recorder()
    async with AsyncClient("http://server", "key", transport=scripted.transport, observer=recorder) as client:
        crowd = Crowd(client, recorder, users=3, seed=3, profiles={DILIGENT: 2, SLOW: 1}, pace=0.0)
        report = await crowd.work(30.0, until=lambda progress: progress.tasks >= 5, on_progress=seen.append)
    assert report.tasks >= 5
    assert report.seconds < 10
    assert report.profiles == {"diligent": 2, "slow": 1}
    assert seen[-1].tasks >= 5
    assert report.unexpected == ()


async def test_a_run_ends_when_the_time_is_over(scripted: Scripted) -> None:
    recorder = Recorder()
    async with AsyncClient("http://server", "key", transport=scripted.transport, observer=recorder) as client:
        report = await Crowd(client, recorder, users=2, seed=1, pace=0.0).work(0.5)
    assert 0.5 <= report.seconds < 5
    assert report.tasks == 0


async def test_a_wrong_key_is_told_at_once(scripted: Scripted) -> None:
    scripted.replies["/frontend_users/"] = refuse(403, 2, "unknown key")
    recorder = Recorder()
    async with AsyncClient("http://server", "key", transport=scripted.transport, observer=recorder) as client:
        with pytest.raises(ApiError, match="unknown key"):
            await Crowd(client, recorder, users=2, seed=1).work(60.0)


async def test_users_are_new_in_each_run_and_their_texts_are_not() -> None:
    names: set[object] = set()
    texts: list[object] = []
    for _ in range(2):
        scripted = Scripted(tasks=[reply_task() for _ in range(3)])
        recorder = Recorder()
        async with AsyncClient("http://server", "key", transport=scripted.transport, observer=recorder) as client:
            crowd = Crowd(client, recorder, users=1, seed=3, profiles={DILIGENT: 1}, pace=0.0)
            await crowd.work(10.0, until=lambda _, scripted=scripted: not scripted.tasks)
        names.add(scripted.bodies("/frontend_users/")[0]["id"])
        texts.append([body["text"] for body in scripted.bodies("/interaction")])
    assert len(names) == 2
    assert texts[0] == texts[1]
