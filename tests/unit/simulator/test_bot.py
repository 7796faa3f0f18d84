from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import cast

import httpx
import pytest

from oa_graph.client import AsyncClient
from oa_graph.simulator.bot import Bot
from oa_graph.simulator.profiles import DILIGENT, Profile
from oa_graph.simulator.recorder import Recorder
from oa_graph.simulator.run import Run
from tests.unit.simulator.scripted import (
    Fields,
    Scripted,
    label_task,
    message,
    prompt_ranking_task,
    prompt_task,
    refuse,
    reply_task,
)

pytestmark = pytest.mark.anyio
STEADY = replace(DILIGENT, skips=0.0, browses=0.0, careless=0.0)
GOOD = "Please explain how tides are made. Why are there two a day? Use a picture in words."
SPAM = "lol BUY NOW 7!!!"


async def live(scripted: Scripted, profile: Profile = STEADY, *, seed: int = 1, lease: float = 600.0) -> Recorder:
    """Let one bot do all tasks of the server, then stop."""
    handed_out = len(scripted.tasks)
    recorder = Recorder()
    async with AsyncClient("http://server", "key", transport=scripted.transport, observer=recorder) as client:
        run = Run(client, recorder, ("en",), pace=0.0, lease=lease)
        run.open(5.0)
        usual = scripted.replies.pop("/tasks/", lambda _: None)

        def close_when_empty(body: Fields) -> httpx.Response | None:
            if not scripted.tasks:
                run.closing.set()
            return usual(body)

        scripted.replies["/tasks/"] = close_when_empty
        await Bot(run, client.user("ada", display_name="Ada"), profile, Random(seed)).run()
    assert len(scripted.bodies("/tasks/")) >= handed_out
    return recorder


def choices(scripted: Scripted) -> list[object]:
    """What was sent, without the ids that are new each time."""
    return [
        {name: value for name, value in body.items() if name not in {"message_id", "user_message_id", "task_id"}}
        for _, body in scripted.sent
    ]


async def test_the_four_steps_are_taken_in_order(scripted: Scripted) -> None:
    task = reply_task()
    scripted.tasks = [task]
    recorder = await live(scripted)
    paths = [path for path, _ in scripted.sent]
    assert paths[:4] == ["/frontend_users/", "/tasks/", f"/tasks/{task['id']}/ack", "/tasks/interaction"]
    [ack], [answer] = scripted.bodies("/ack"), scripted.bodies("/interaction")
    assert answer["message_id"] == ack["message_id"]
    assert answer["user_message_id"] != ack["message_id"]
    assert recorder.finished == {"assistant_reply": 1}


async def test_every_kind_is_answered(scripted: Scripted) -> None:
    ranking = {
        **reply_task(),
        "type": "rank_assistant_replies",
        "reply_messages": [message("one, which is rather short", is_assistant=True), message(GOOD, is_assistant=True)],
        "replies": ["one, which is rather short", GOOD],
        "message_tree_id": "root",
        "ranking_parent_id": "root",
        "reveal_synthetic": False,
    }
    follow_up: Fields = {
        "id": "t",
        "type": "prompter_reply",
        "hint": None,
        "conversation": {"messages": [message(GOOD), message("Because of the moon.", is_assistant=True)]},
    }
    scripted.tasks = [
        prompt_task(), reply_task(), follow_up, ranking, prompt_ranking_task([SPAM, GOOD]), label_task(GOOD)
    ]  # fmt: skip
    recorder = await live(scripted)
    assert sorted(recorder.finished) == [
        "assistant_reply", "initial_prompt", "label_initial_prompt", "prompter_reply", "rank_assistant_replies",
        "rank_initial_prompts",
    ]  # fmt: skip
    assert not recorder.mistakes.keys() - {("POST /tasks/", 503, 1006, True)}
    assert not recorder.broken_promises


async def test_better_candidates_come_first(scripted: Scripted) -> None:
    scripted.tasks = [prompt_ranking_task([SPAM, GOOD])]
    await live(scripted)
    assert scripted.bodies("/interaction")[0]["ranking"] == [1, 0]


@pytest.mark.parametrize(("text", "spam"), [(SPAM, 1.0), (GOOD, 0.0)])
async def test_reviews_tell_spam_from_work(scripted: Scripted, text: str, spam: float) -> None:
    scripted.tasks = [label_task(text)]
    await live(scripted)
    [review] = scripted.bodies("/interaction")
    labels = cast("dict[str, float]", review["labels"])
    assert labels["spam"] == spam
    assert labels.keys() <= {"spam", "lang_mismatch", "quality"}
    assert all(0.0 <= value <= 1.0 for value in labels.values())


async def test_equal_seeds_choose_equally_and_others_do_not() -> None:
    profile = replace(DILIGENT, skips=0.2, spams=0.3)

    async def run(seed: int) -> list[object]:
        scripted = Scripted(tasks=[reply_task(), reply_task(), label_task(GOOD), prompt_task(), reply_task()])
        await live(scripted, profile, seed=seed)
        return choices(scripted)

    assert await run(4) == await run(4)
    assert await run(4) != await run(5)


async def test_skipping_gives_tasks_back(scripted: Scripted) -> None:
    scripted.tasks = [reply_task(), label_task(GOOD)]
    recorder = await live(scripted, replace(STEADY, skips=1.0))
    assert not scripted.bodies("/interaction")
    assert recorder.skipped == {"assistant_reply": 1, "label_initial_prompt": 1}


async def test_double_clicking_sends_the_very_same_twice(scripted: Scripted) -> None:
    scripted.tasks = [reply_task()]
    recorder = await live(scripted, replace(STEADY, twice=True))
    first, second = scripted.bodies("/interaction")
    assert first == second
    assert len(scripted.bodies("/ack")) == 2
    assert recorder.finished == {"assistant_reply": 1}
    assert not recorder.broken_promises


async def test_a_double_click_that_ends_in_two_ways_is_a_broken_promise(scripted: Scripted) -> None:
    answered: list[Fields] = []

    def once(body: Fields) -> httpx.Response | None:
        answered.append(body)
        return refuse(400, 2105)(body) if len(answered) == 2 else None

    scripted.tasks = [reply_task()]
    scripted.replies["/interaction"] = once
    recorder = await live(scripted, replace(STEADY, twice=True))
    assert list(recorder.broken_promises) == [
        "POST /tasks/interaction: of two equal calls at once, one was refused (2105)"
    ]


async def test_a_task_left_before_the_ack_is_never_heard_of_again(scripted: Scripted) -> None:
    scripted.tasks = [reply_task()]
    recorder = await live(scripted, replace(STEADY, vanishes_before_ack=1.0, returns=0.0))
    assert not scripted.bodies("/ack")
    assert not recorder.finished


async def test_who_comes_back_answers_the_old_task(scripted: Scripted) -> None:
    scripted.tasks = [reply_task()]
    recorder = await live(scripted, replace(STEADY, vanishes_after_ack=1.0, returns=1.0), lease=0.01)
    assert recorder.finished == {"assistant_reply": 1}


async def test_a_refusal_for_lateness_is_expected_only_after_the_lease(scripted: Scripted) -> None:
    scripted.replies["/interaction"] = refuse(400, 2105, "somebody was faster")
    scripted.tasks = [reply_task()]
    in_time = await live(scripted)
    scripted.tasks = [reply_task()]
    too_late = await live(scripted, lease=0.0)
    key = ("POST /tasks/interaction", 400, 2105)
    assert (*key, False) in in_time.mistakes
    assert (*key, True) in too_late.mistakes


async def test_too_many_open_tasks_are_expected_only_of_those_who_leave_some(scripted: Scripted) -> None:
    scripted.replies["/tasks/"] = lambda body: None if scripted.tasks else refuse(400, 1012)(body)
    scripted.tasks = [reply_task()]
    steady = await live(scripted)
    scripted.tasks = [reply_task()]
    scripted.replies["/tasks/"] = lambda body: None if scripted.tasks else refuse(400, 1012)(body)
    leaving = await live(scripted, replace(STEADY, vanishes_before_ack=1.0, returns=0.0))
    assert ("POST /tasks/", 400, 1012, False) in steady.mistakes
    assert ("POST /tasks/", 400, 1012, True) in leaving.mistakes
    # Told to settle old tasks first, it went back to the one it had left.
    assert leaving.finished == {"assistant_reply": 1}


@pytest.mark.parametrize(
    ("task", "status", "code"),
    [
        (label_task(GOOD), 400, 2052),
        (prompt_ranking_task([GOOD, SPAM]), 400, 2003),
    ],
)
async def test_invalid_answers_are_refused_and_then_corrected(
    scripted: Scripted, task: Fields, status: int, code: int
) -> None:
    seen: list[Fields] = []

    def first_is_wrong(body: Fields) -> httpx.Response | None:
        seen.append(body)
        return refuse(status, code)(body) if len(seen) == 1 else None

    scripted.tasks = [task]
    scripted.replies["/interaction"] = first_is_wrong
    recorder = await live(scripted, replace(STEADY, invalid_answers=1.0))
    assert ("POST /tasks/interaction", status, code, True) in recorder.mistakes
    assert recorder.finished.total() == 1
    assert not recorder.broken_promises


async def test_an_accepted_invalid_answer_is_a_broken_promise(scripted: Scripted) -> None:
    scripted.tasks = [prompt_ranking_task([GOOD, SPAM])]
    recorder = await live(scripted, replace(STEADY, invalid_answers=1.0))
    assert list(recorder.broken_promises) == ["POST /tasks/interaction: a ranking with a candidate twice was accepted"]


async def test_server_errors_are_unexpected_and_do_not_end_the_bot(scripted: Scripted) -> None:
    scripted.tasks = [reply_task(), reply_task()]
    failed: list[Fields] = []

    def fail_once(body: Fields) -> httpx.Response | None:
        failed.append(body)
        return httpx.Response(500, text="oops") if len(failed) == 1 else None

    scripted.replies["/interaction"] = fail_once
    recorder = await live(scripted)
    assert ("POST /tasks/interaction", 500, None, False) in recorder.mistakes
    assert recorder.finished == {"assistant_reply": 1}


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ({**label_task(GOOD), "message_id": "another"}, "does not end with the message to label"),
        ({**prompt_ranking_task([GOOD, SPAM]), "prompts": [SPAM, GOOD]}, "`prompts` differs"),
        ({**reply_task(), "conversation": {"messages": []}}, "conversation is empty"),
        ({**reply_task(), "type": "prompter_reply"}, "wrong role"),
    ],
)
async def test_tasks_that_contradict_themselves_are_noted(scripted: Scripted, task: Fields, words: str) -> None:
    scripted.tasks = [task]
    recorder = await live(scripted, replace(STEADY, skips=1.0))
    assert any(words in promise for promise in recorder.broken_promises)
