"""Every bad request: its status, its code, and a graph that it leaves as it was.

All stand on one scene, for none of them changes it. In the scene each task has a user and a language of its own, named
as the task is, and its ack id is that name too.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.trees import TreeState
from oa_graph.graph import trees
from oa_graph.graph.session import Graph
from tests.builders import Planted, Shape, plant
from tests.http.api.conftest import BOT, BOT_ID, OFF, ROOT, WEB, Serve, admit, snapshot
from tests.http.api.frontend import Body, Frontend, labels, ranking, text, user

pytestmark = pytest.mark.anyio

NOBODY = "00000000-0000-4000-8000-000000000000"
LIMITS = Limits(max_pending_tasks_per_user=2, init_prompt_disabled_langs=("x-closed",))
STRICT = Limits(enforce_terms=True)
FULL = Limits(max_active_trees=0, max_initial_prompt_review=0)
ASKED: Shape = {"What is rain?": {"Water.": {}, "Weather.": {}}}
PAST = datetime(2020, 1, 1, tzinfo=UTC)
FIELDS = 0
NOTHING = 1006
TOO_MANY_PENDING = 1012
"""The code of what is refused for its fields."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Tasks and messages by name."""

    graph: Graph
    web: Frontend
    serve: Serve
    tasks: dict[str, Body] = field(default_factory=dict[str, Body])
    planted: dict[str, Planted] = field(default_factory=dict[str, Planted])
    seen: list[Any] = field(default_factory=list[Any])
    """The graph as it was last seen."""

    def id(self, name: str) -> str:
        return self.tasks[name]["id"]

    def post(self, name: str, words: str = "What is rain?") -> str:
        return self.planted[name][words]

    async def plant(self, name: str, shape: Shape, state: TreeState = TreeState.GROWING) -> None:
        self.planted[name] = await plant(self.graph, shape, state=state, lang=name)

    async def ask(self, name: str, kind: str, *, lang: str | None = None, **fields: object) -> Body:
        self.tasks[name] = await self.web.ask(kind, user(name.partition("/")[0]), lang=lang or name, **fields)
        return self.tasks[name]

    async def take(self, name: str, kind: str, *, lang: str | None = None, **fields: object) -> None:
        await self.web.ack(await self.ask(name, kind, lang=lang, **fields), name)

    async def take_twice(self, name: str, kind: str) -> None:
        """Two tasks of one user for one place: the first was late, and is answered now."""
        await self.take(name, kind)
        await self.graph.execute("MATCH (:Task {id: $id})-[lease:LEASES]->() SET lease.until = 0", id=self.id(name))
        await self.take(f"{name}/again", kind, lang=name)

    async def settle(self, body: Body) -> None:
        await self.web.settle(body)

    async def expire(self, name: str) -> None:
        await self.graph.execute("MATCH (task:Task {id: $id}) SET task.expires = $past", id=self.id(name), past=PAST)


@pytest.fixture(scope="module")
async def scene(connected: Graph, serve: Serve) -> AsyncGenerator[Scene]:
    await connected.execute("MATCH (n) WHERE NOT n:Schema DETACH DELETE n")
    await admit(connected)
    async with Frontend(await serve(LIMITS), WEB) as web:
        scene = Scene(connected, web, serve)
        await _people(scene)
        await _texts(scene)
        await _reviews(scene)
        await _rankings(scene)
        scene.seen[:] = await snapshot(connected)
        yield scene


async def _people(at: Scene) -> None:
    for name in ("known", "banned", "busy", "stranger"):
        assert (await at.web.post("/frontend_users/", user(name))).status_code == 200
    for number in range(LIMITS.max_pending_tasks_per_user):
        await at.ask(f"busy/{number}", "initial_prompt", lang="en")
    await at.take("banned", "initial_prompt")
    await at.web.post("/frontend_users/", {**user("banned"), "enabled": False})
    async with Frontend(await at.serve(LIMITS), BOT) as bot:
        assert (await bot.post("/frontend_users/", {**user("robot")})).status_code == 200


async def _texts(at: Scene) -> None:
    await at.ask("shown", "initial_prompt")
    await at.take("taken", "initial_prompt")
    await at.take("other", "initial_prompt")
    await at.take("expired", "initial_prompt")
    await at.expire("expired")
    await at.take("done", "initial_prompt")
    await at.settle(text("done", user("done"), "What is rain?", message="m-done"))
    await at.take("done/again", "initial_prompt", lang="done")
    await at.take("together", "initial_prompt", collective=True)
    await at.take("late together", "initial_prompt", collective=True)
    await at.expire("late together")
    await at.take("closed", "initial_prompt", collective=True)
    assert (await at.web.post("/tasks/close", {"message_id": "closed"})).status_code == 200
    await at.plant("replied", {"What is rain?": {}})
    await at.take_twice("replied", "assistant_reply")
    await at.settle(text("replied", user("replied"), "Water.", message="m-replied"))
    await at.plant("aborted", {"What is rain?": {}})
    await at.take("aborted", "assistant_reply")
    await trees.enter_state(
        at.graph, at.post("aborted"), TreeState.ABORTED_LOW_GRADE, limits=LIMITS, now=datetime.now(UTC)
    )
    await at.plant("skipped", {"What is rain?": {"Weather.": {}, "Wet.": {}}})
    await at.take("skipped", "assistant_reply")
    assert (await at.web.post(f"/tasks/{at.id('skipped')}/nack", {})).status_code == 204
    await at.take("quicker", "assistant_reply", lang="skipped")
    await at.settle(text("quicker", user("quicker"), "Water."))
    await at.plant("broken", {"What is rain?": {"-Water.": {"Why?": {}}, "!Weather.": {"How?": {}}}})


async def _reviews(at: Scene) -> None:
    for name in ("review", "unacknowledged", "own", "reviewed"):
        await at.plant(name, {"What is rain?": {"?Water.": {}}})
    await at.take("review", "label_assistant_reply")
    await at.ask("unacknowledged", "label_assistant_reply")
    await at.take("own", "label_assistant_reply")
    await at.graph.execute(
        """
        MATCH (user:User {name: 'own'}), (post:Post {id: $id})
        SET post.author = user.id CREATE (user)-[:WROTE]->(post)
        """,
        id=at.post("own", "Water."),
    )
    await at.take_twice("reviewed", "label_assistant_reply")
    await at.settle(review(at, "reviewed"))


async def _rankings(at: Scene) -> None:
    for name in ("rank", "corrupt", "ranked", "glimpsed"):
        await at.plant(name, ASKED, TreeState.RANKING)
    await at.ask("glimpsed", "rank_assistant_replies")
    await at.take("rank", "rank_assistant_replies")
    await at.take("corrupt", "rank_assistant_replies")
    await at.graph.execute("MATCH (post:Post {id: $id}) SET post.deleted = true", id=at.post("corrupt", "Water."))
    await at.take_twice("ranked", "rank_assistant_replies")
    await at.settle(ranking("ranked", user("ranked"), [0, 1]))


def review(at: Scene, name: str, values: object = None, *, who: str | None = None, **fields: Any) -> Body:
    """The answer to the review task `name`."""
    whose = name.partition("/")[0]
    arguments = {"post": at.post(whose, "Water."), "task": at.id(name), **fields}
    return labels(arguments.pop("post"), user(who or whose), values, **arguments)


Make = Callable[[Scene], object]


@dataclass(frozen=True, slots=True)
class Case:
    """A bad request. `path` holds ids of tasks as {name}."""

    name: str
    method: str
    path: str
    status: int
    code: int | None
    """None: it reached nothing, and the body has the phrase of its status as `detail` too."""
    body: Make | None = None
    key: str | None = WEB
    acting: str | None = None
    loc: list[str | int] | None = None
    """Of the field, when it is that which is refused."""
    limits: Limits | None = None
    """Of the service that it is sent to, when it is not that of the scene."""
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])


def keys(method: str, path: str, body: Make | None = None) -> list[Case]:
    """Who has no valid key gets nothing anywhere."""
    return [
        Case(f"{method} {path}: {how}", method, path, 403, 2, body, key)
        for how, key in (("no key", None), ("wrong key", "x"), ("client that is off", OFF))
    ]


def bodies(path: str, *missing: str) -> list[Case]:
    """What is no JSON, or no object, or lacks a field."""
    return [
        Case(f"{path}: no JSON", "POST", path, 422, FIELDS, raw=b'{"type": ', loc=["body"]),
        Case(f"{path}: no UTF-8", "POST", path, 422, FIELDS, raw=b'{"text": "\xff"}', loc=["body"]),
        Case(f"{path}: half a surrogate", "POST", path, 422, FIELDS, raw=b'{"text": "\\ud800"}', loc=["body"]),
        Case(f"{path}: a list", "POST", path, 422, FIELDS, lambda at: [], loc=["body"]),
        Case(f"{path}: a text", "POST", path, 422, FIELDS, lambda at: "text", loc=["body"]),
        *(
            Case(f"{path}: without {name}", "POST", path, 422, FIELDS, lambda at: {}, loc=["body", *name.split(".")])
            for name in missing
        ),
        *([Case(f"{path}: no body", "POST", path, 422, FIELDS, raw=b"", loc=["body"])] if missing else []),
    ]


def acting(method: str, path: str, body: Make | None = None) -> Case:
    return Case(f"{method} {path}: unknown user", method, path, 404, 4002, body, acting="local:nobody")


def invalid(name: str, path: str, body: Make, *way: str | int) -> Case:
    """A field that cannot be taken, and the way to it in the body."""
    return Case(name, "POST", path, 422, FIELDS, body, loc=["body", *way])


def answered(name: str, code: int, body: Make, status: int = 400, **options: Any) -> Case:
    """An answer that is refused."""
    return Case(f"answer: {name}", "POST", "/tasks/interaction", status, code, body, **options)


def labelled(name: str, code: int, body: Make, status: int = 400, **options: Any) -> Case:
    """The same through both ways for labels."""
    return Case(f"label: {name}", "POST", "/text_labels/", status, code, body, **options)


def _text_reply(name: str) -> Make:
    return lambda at: text(name, user(name.partition("/")[0]), "Something that nobody said before.")


def _known(at: Scene) -> Body:
    return {"user": user("known"), "lang": "x-nothing"}


ACK, NACK, CLOSE, ANSWER = "/tasks/{shown}/ack", "/tasks/{shown}/nack", "/tasks/close", "/tasks/interaction"
MESSAGE_PARTS = ("", "/conversation", "/tree", "/tree/state", "/children")

TASKS = [
    *keys("POST", "/tasks/", _known),
    *bodies("/tasks/"),
    Case("ask: no user", "POST", "/tasks/", 400, 4000, lambda at: {}),
    Case("ask: null for a user", "POST", "/tasks/", 400, 4000, lambda at: {"user": None, "lang": None}),
    invalid("ask: unknown type", "/tasks/", lambda at: {**_known(at), "type": "x"}, "type"),
    invalid(
        "ask: unknown auth method",
        "/tasks/",
        lambda at: {"user": {**user("known"), "auth_method": "pigeon"}},
        "user",
        "auth_method",
    ),
    invalid("ask: no name", "/tasks/", lambda at: {"user": {"display_name": "", "auth_method": "local"}}, "user", "id"),
    invalid("ask: empty name", "/tasks/", lambda at: {"user": {**user("known"), "id": ""}}, "user", "id"),
    invalid("ask: long tag", "/tasks/", lambda at: {"user": user("known"), "lang": "x" * 33}, "lang"),
    *(
        Case(
            f"ask: no {kind}",
            "POST",
            "/tasks/",
            503,
            1006,
            lambda at, kind=kind: {"user": user("known"), "lang": "x-nothing", "type": kind},
        )
        for kind in (
            "assistant_reply",
            "prompter_reply",
            "label_initial_prompt",
            "label_assistant_reply",
            "label_prompter_reply",
            "rank_assistant_replies",
            "rank_prompter_replies",
            "rank_initial_prompts",
            "summarize_story",
            "rate_summary",
        )
    ),
    Case("ask: nothing at all", "POST", "/tasks/", 503, 1006, lambda at: {"user": user("known"), "lang": "x-closed"}),
    *(
        Case(
            f"ask: enough prompts in {lang}",
            "POST",
            "/tasks/",
            503,
            1006,
            lambda at, lang=lang: {"user": user("known"), "lang": lang, "type": "initial_prompt"},
            limits=FULL,
        )
        for lang in ("done", "x-unheard-of")
    ),
    Case("ask: too many open", "POST", "/tasks/", 400, 1012, lambda at: {"user": user("busy")}),
    Case("ask: disabled", "POST", "/tasks/", 503, 4001, lambda at: {"user": user("banned")}),
    Case("ask: no terms", "POST", "/tasks/", 451, 4003, lambda at: {"user": user("known")}, limits=STRICT),
    *keys("POST", "/tasks/availability", lambda at: user("known")),
    *bodies("/tasks/availability")[:5],
    Case("availability: no body", "POST", "/tasks/availability", 400, 4000, raw=b""),
    Case("availability: null", "POST", "/tasks/availability", 400, 4000, lambda at: None),
    invalid(
        "availability: no name", "/tasks/availability", lambda at: {"display_name": "", "auth_method": "local"}, "id"
    ),
    Case(
        "availability: long tag",
        "POST",
        f"/tasks/availability?lang={'x' * 33}",
        422,
        FIELDS,
        lambda at: user("known"),
        loc=["query", "lang"],
    ),
    Case("availability: disabled", "POST", "/tasks/availability", 503, 4001, lambda at: user("banned")),
    Case("availability: no terms", "POST", "/tasks/availability", 451, 4003, lambda at: user("known"), limits=STRICT),
    *keys("POST", ACK, lambda at: {"message_id": "a"}),
    *bodies(ACK, "message_id"),
    acting("POST", ACK, lambda at: {"message_id": "a"}),
    Case("ack: empty id", "POST", ACK, 400, 2000, lambda at: {"message_id": ""}),
    invalid("ack: id too long", ACK, lambda at: {"message_id": "x" * 257}, "message_id"),
    Case("ack: no UUID", "POST", "/tasks/1/ack", 422, FIELDS, lambda at: {"message_id": "a"}, loc=["path", "task_id"]),
    Case("ack: unknown", "POST", f"/tasks/{NOBODY}/ack", 404, 2100, lambda at: {"message_id": "a"}),
    Case("ack: of another client", "POST", ACK, 404, 2100, lambda at: {"message_id": "a"}, key=BOT),
    Case("ack: expired", "POST", "/tasks/{expired}/ack", 400, 2101, lambda at: {"message_id": "expired"}),
    Case("ack: another id", "POST", "/tasks/{taken}/ack", 400, 2103, lambda at: {"message_id": "a"}),
    Case("ack: done", "POST", "/tasks/{done}/ack", 400, 2103, lambda at: {"message_id": "a"}),
    Case("ack: id in use", "POST", ACK, 400, 2103, lambda at: {"message_id": "taken"}),
    Case("ack: not yours", "POST", ACK, 400, 2106, lambda at: {"message_id": "a"}, acting="local:stranger"),
    *keys("POST", NACK, lambda at: {}),
    *bodies(NACK)[:5],
    acting("POST", NACK, lambda at: {}),
    invalid("nack: long reason", NACK, lambda at: {"reason": "x" * 513}, "reason"),
    Case("nack: no UUID", "POST", "/tasks/1/nack", 422, FIELDS, lambda at: {}, loc=["path", "task_id"]),
    Case("nack: unknown", "POST", f"/tasks/{NOBODY}/nack", 400, 2100, lambda at: {}),
    Case("nack: of another client", "POST", NACK, 400, 2100, lambda at: {}, key=BOT),
    Case("nack: expired", "POST", "/tasks/{expired}/nack", 400, 2101, lambda at: {}),
    Case("nack: done", "POST", "/tasks/{done}/nack", 400, 2105, lambda at: {}),
    Case("nack: not yours", "POST", NACK, 400, 2106, lambda at: {}, acting="local:stranger"),
    *keys("POST", CLOSE, lambda at: {"message_id": "together"}),
    *bodies(CLOSE, "message_id"),
    Case("close: empty id", "POST", CLOSE, 400, 2000, lambda at: {"message_id": ""}),
    Case("close: unknown", "POST", CLOSE, 404, 2100, lambda at: {"message_id": "nothing"}),
    Case("close: of another client", "POST", CLOSE, 404, 2100, lambda at: {"message_id": "together"}, key=BOT),
    Case("close: not collective", "POST", CLOSE, 400, 2106, lambda at: {"message_id": "taken"}),
    Case("close: closed", "POST", CLOSE, 400, 2105, lambda at: {"message_id": "closed"}),
    Case("close: expired", "POST", CLOSE, 400, 2101, lambda at: {"message_id": "late together"}),
]

ANSWERS = [
    *keys("POST", ANSWER, _text_reply("taken")),
    *bodies(ANSWER, "user", "message_id", "user_message_id", "text")[:5],
    invalid("answer: without all", ANSWER, lambda at: {}, "user"),
    invalid("answer: unknown type", ANSWER, lambda at: {"type": "sigh", "user": user("known")}),
    invalid("answer: empty text", ANSWER, lambda at: text("taken", user("taken"), ""), "text"),
    invalid("answer: white text", ANSWER, lambda at: text("taken", user("taken"), " \n\t"), "text"),
    answered("empty ack id", 2000, lambda at: text("", user("taken"))),
    answered("empty message id", 2000, lambda at: {**text("taken", user("taken")), "user_message_id": ""}),
    invalid("answer: null for a user", ANSWER, lambda at: {**text("taken", {}), "user": None}, "user"),
    invalid("answer: empty ranking", ANSWER, lambda at: ranking("rank", user("rank"), []), "ranking"),
    invalid("answer: ranking of words", ANSWER, lambda at: ranking("rank", user("rank"), ["one", 0]), "ranking", 0),
    invalid("answer: label out of range", ANSWER, lambda at: review(at, "review", {"spam": 2}), "labels", "spam"),
    invalid("answer: label not a number", ANSWER, lambda at: review(at, "review", {"spam": "x"}), "labels", "spam"),
    invalid("answer: unknown label", ANSWER, lambda at: review(at, "review", {"taste": 1}), "labels", "taste"),
    invalid("answer: labels without text", ANSWER, lambda at: review(at, "review", words=None), "text"),
    invalid("answer: labels for no UUID", ANSWER, lambda at: review(at, "review", post="1"), "message_id"),
    invalid(
        "answer: rating of nothing",
        ANSWER,
        lambda at: {"rating": 0, "message_id": "a", "user": user("known")},
        "rating",
    ),
    answered("rating", 2100, lambda at: {"rating": 1, "message_id": "taken", "user": user("taken")}),
    answered("unknown task", 2100, lambda at: text("nothing", user("taken"))),
    answered("before the ack", 2104, _text_reply("shown")),
    answered("ranking before the ack", 2104, lambda at: ranking("glimpsed", user("glimpsed"), [0, 1])),
    answered("task of another client", 2100, _text_reply("taken"), key=BOT),
    answered("ranking for no task", 2100, lambda at: ranking("nothing", user("taken"), [0])),
    answered("labels for no task", 2100, lambda at: labels(at.post("review", "Water."), user("review"), task=NOBODY)),
    answered("expired", 2101, _text_reply("expired")),
    answered("labels before the ack", 2104, lambda at: review(at, "unacknowledged")),
    answered("done", 2105, _text_reply("done")),
    answered("done, with another id", 2105, lambda at: text("done", user("done"), "What is rain?", message="m-2")),
    answered("closed", 2105, _text_reply("closed")),
    answered("skipped, and taken by another", 2105, _text_reply("skipped")),
    answered("ranked before", 2105, lambda at: ranking("ranked/again", user("ranked"), [1, 0])),
    answered("ranked otherwise", 2105, lambda at: ranking("ranked", user("ranked"), [1, 0])),
    answered("reviewed otherwise", 2105, lambda at: review(at, "reviewed", {"spam": 1})),
    answered("not yours", 2106, lambda at: text("taken", user("stranger"))),
    answered("ranking not yours", 2106, lambda at: ranking("rank", user("stranger"), [0, 1])),
    answered("review not yours", 2106, lambda at: review(at, "review", who="stranger")),
    answered("disabled", 4001, _text_reply("banned"), 503),
    answered("ranking for a text", 2102, lambda at: ranking("taken", user("taken"), [0])),
    answered("ranking for a review", 2102, lambda at: ranking("review", user("review"), [0])),
    answered(
        "labels for a text",
        2102,
        lambda at: labels(at.post("review", "Water."), user("taken"), task=at.id("taken")),
    ),
    answered(
        "labels for a ranking", 2102, lambda at: labels(at.post("rank", "Water."), user("rank"), task=at.id("rank"))
    ),
    answered("text for a review", 2107, _text_reply("review")),
    answered("text for a ranking", 2107, _text_reply("rank")),
    answered("too long", 1008, lambda at: text("taken", user("taken"), "x" * 2001)),
    answered("said before", 1009, lambda at: text("done/again", user("done"), "What is rain?")),
    answered("said before, with white space", 1009, lambda at: text("done/again", user("done"), " What is rain?\n")),
    answered("message id in use", 1004, lambda at: text("taken", user("taken"), message="m-done")),
    answered("tree is over", 2010, _text_reply("aborted")),
    answered("replied before", 1011, _text_reply("replied/again")),
    answered("too few ranks", 2003, lambda at: ranking("rank", user("rank"), [0])),
    answered("too many ranks", 2003, lambda at: ranking("rank", user("rank"), [0, 1, 2])),
    answered("a rank twice", 2003, lambda at: ranking("rank", user("rank"), [0, 0])),
    answered("a rank below", 2003, lambda at: ranking("rank", user("rank"), [0, -1])),
    answered("candidate is gone", 2011, lambda at: ranking("corrupt", user("corrupt"), [0, 1])),
    answered("another message", 2050, lambda at: review(at, "review", post=at.post("review"))),
    answered("unknown message", 2050, lambda at: review(at, "review", post=NOBODY)),
    answered("label not asked for", 2051, lambda at: review(at, "review", {"spam": 0, "moral_judgement": 0})),
    answered("label missing", 2052, lambda at: review(at, "review", {"quality": 1})),
    answered("no labels", 2052, lambda at: review(at, "review", [])),
    answered("own message", 2053, lambda at: review(at, "own")),
    answered("reviewed before", 2053, lambda at: review(at, "reviewed/again")),
    answered("remark on nothing", 2001, lambda at: labels(NOBODY, user("known")), 404),
]

LABELS = [
    *keys("POST", "/text_labels/", lambda at: labels(at.post("review"), user("known"))),
    *bodies("/text_labels/", "user", "text", "labels"),
    labelled("unknown message", 2001, lambda at: labels(NOBODY, user("known")), 404),
    labelled("report of nothing", 2001, lambda at: labels(NOBODY, user("known"), [], is_report=True), 404),
    labelled("disabled", 4001, lambda at: labels(at.post("review"), user("banned")), 503),
    labelled("no task", 2100, lambda at: labels(at.post("review"), user("known"), task=NOBODY)),
    labelled("not yours", 2106, lambda at: review(at, "review", who="stranger")),
    labelled("before the ack", 2104, lambda at: review(at, "unacknowledged")),
    labelled("own message", 2053, lambda at: review(at, "own")),
    invalid("label: out of range", "/text_labels/", lambda at: review(at, "review", {"spam": -1}), "labels", "spam"),
    *keys("GET", "/text_labels/valid_labels"),
    Case("labels: unknown message", "GET", f"/text_labels/valid_labels?message_id={NOBODY}", 404, 2001),
    Case("labels: no UUID", "GET", "/text_labels/valid_labels?message_id=1", 422, FIELDS, loc=["query", "message_id"]),
]

MESSAGES = [
    *keys("GET", f"/messages/{NOBODY}"),
    *(
        case
        for part in MESSAGE_PARTS
        for case in (
            acting("GET", f"/messages/{NOBODY}{part}"),
            Case(f"messages{part}: unknown", "GET", f"/messages/{NOBODY}{part}", 404, 2001),
            Case(f"messages{part}: no UUID", "GET", f"/messages/1{part}", 422, FIELDS, loc=["path", "message_id"]),
        )
    ),
    Case("conversation: through a deleted one", "GET", "/messages/{broken:Why?}/conversation", 500, 2009),
    Case("conversation: through a rejected one", "GET", "/messages/{broken:How?}/conversation", 500, 2009),
    Case(
        "tree: no flag",
        "GET",
        f"/messages/{NOBODY}/tree?include_spam=maybe",
        422,
        FIELDS,
        loc=["query", "include_spam"],
    ),
]

USERS = [
    *keys("POST", "/frontend_users/", lambda at: user("known")),
    *bodies("/frontend_users/", "id", "display_name", "auth_method"),
    Case(
        "user: not trusted", "POST", "/frontend_users/", 403, 2, lambda at: {**user("robot"), "enabled": False}, key=BOT
    ),
    invalid("user: long notes", "/frontend_users/", lambda at: {**user("known"), "notes": "x" * 1025}, "notes"),
    invalid("user: long name", "/frontend_users/", lambda at: {**user("known"), "id": "x" * 129}, "id"),
    *keys("GET", "/frontend_users/local/known"),
    Case("user: unknown", "GET", "/frontend_users/local/nobody", 404, 4002),
    Case("user: unknown method", "GET", "/frontend_users/pigeon/known", 404, 4002),
    Case("user: of another client", "GET", "/frontend_users/local/known", 404, 4002, key=BOT),
    Case(
        "user: asked of another client", "GET", f"/frontend_users/local/known?api_client_id={NOBODY}", 403, 2, key=BOT
    ),
    Case("user: nobody of a client", "GET", f"/frontend_users/local/known?api_client_id={BOT_ID}", 404, 4002),
    Case(
        "user: no UUID",
        "GET",
        "/frontend_users/local/known?api_client_id=1",
        422,
        FIELDS,
        loc=["query", "api_client_id"],
    ),
]

_NEW = {"description": "a bot", "frontend_type": "bot"}
ADMIN = [
    Case("admit: no token", "POST", "/admin/api_client", 403, 3, lambda at: _NEW),
    Case(
        "admit: a key is no token",
        "POST",
        "/admin/api_client",
        403,
        3,
        lambda at: _NEW,
        headers={"Authorization": f"Bearer {WEB}"},
    ),
    Case(
        "admit: no bearer",
        "POST",
        "/admin/api_client",
        403,
        3,
        lambda at: _NEW,
        headers={"Authorization": f"Basic {ROOT}"},
    ),
    Case(
        "admit: empty token", "POST", "/admin/api_client", 403, 3, lambda at: _NEW, headers={"Authorization": "Bearer"}
    ),
    Case(
        "admit: no description",
        "POST",
        "/admin/api_client",
        422,
        FIELDS,
        lambda at: {"frontend_type": "bot"},
        headers={"Authorization": f"Bearer {ROOT}"},
        loc=["body", "description"],
    ),
    Case("no such route", "GET", "/nowhere", 404, None),
    Case("no such method", "DELETE", "/tasks/", 405, None),
    Case("a body without end", "POST", "/tasks/", 413, None, raw=b'{"user": "' + b"x" * (1 << 21) + b'"}'),
]
CASES = [*TASKS, *ANSWERS, *LABELS, *MESSAGES, *USERS, *ADMIN]


async def send(scene: Scene, case: Case) -> httpx.Response:
    path = case.path
    for name in scene.tasks:
        path = path.replace(f"{{{name}}}", scene.id(name))
    for words in ("Why?", "How?"):
        path = path.replace(f"{{broken:{words}}}", scene.post("broken", words))
    headers = dict(case.headers) | ({"X-OASST-USER": case.acting} if case.acting else {})
    async with Frontend(await scene.serve(case.limits or LIMITS), case.key) as frontend:
        if case.raw is not None:
            headers["Content-Type"] = "application/json"
            return await frontend.http.request(case.method, f"/api/v1{path}", content=case.raw, headers=headers)
        body = case.body(scene) if case.body else None
        if case.body is None:
            return await frontend.http.request(case.method, f"/api/v1{path}", headers=headers)
        return await frontend.http.request(case.method, f"/api/v1{path}", json=body, headers=headers)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_bad_request_is_told_so_and_changes_nothing(scene: Scene, case: Case) -> None:
    if case.limits:  # a service with limits of its own may start here, and takes note of them
        await scene.serve(case.limits)
        scene.seen[:] = await snapshot(scene.graph)
    got = await send(scene, case)
    before, scene.seen[:] = [*scene.seen], await snapshot(scene.graph)
    assert got.headers["content-type"].partition(";")[0] == "application/json"
    body = got.json()
    assert got.status_code == case.status, body
    if case.code is None:
        phrase = HTTPStatus(case.status).phrase
        assert body == {"detail": phrase, "message": phrase, "error_code": 0}
    elif case.status == 422:
        assert set(body) == {"detail", "error_code"}
        assert body["error_code"] == FIELDS
        assert case.loc in [error["loc"] for error in body["detail"]], body
    else:
        waits = {"reason", "retry_at"} if case.code in (NOTHING, TOO_MANY_PENDING) else set[str]()
        assert set(body) == {"message", "error_code"} | waits
        assert body["error_code"] == case.code, body
    assert scene.seen == before


async def test_no_answer_repeats_a_secret(scene: Scene) -> None:
    async with Frontend(await scene.serve(LIMITS), None) as frontend:
        for path in (f"/text_labels/valid_labels?api_key={WEB}&message_id=1", "/frontend_users/local/x?api_key=s3cret"):
            got = await frontend.get(path)
            assert got.status_code in (403, 422)
            assert WEB not in got.text
            assert "s3cret" not in got.text


def test_every_code_of_these_endpoints_is_reached() -> None:
    reached = {(case.code, case.status) for case in CASES}
    assert reached >= {
        (2, 403), (3, 403), (2000, 400), (1004, 400), (1006, 503), (1008, 400), (1009, 400), (1011, 400), (1012, 400),
        (2001, 404), (2003, 400), (2009, 500), (2010, 400), (2011, 400), (2050, 400), (2051, 400), (2052, 400),
        (2053, 400), (2100, 404), (2100, 400), (2101, 400), (2102, 400), (2103, 400), (2104, 400), (2105, 400),
        (2106, 400), (2107, 400), (4000, 400), (4001, 503), (4002, 404), (4003, 451),
    }  # fmt: skip
