"""The client against a scripted server: what it sends, what it makes of answers, and when it sends again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest
from pydantic import TypeAdapter

from oa_graph import client as package
from oa_graph.api.errors import ERROR_RESPONSES, GENERIC
from oa_graph.client import (
    ApiError,
    AsyncClient,
    AsyncUser,
    Client,
    ClientError,
    ConnectionLost,
    InvalidRequest,
    NotAllowed,
    NotFound,
    NothingToDo,
    PromptTask,
    ProtocolViolation,
    RateLimited,
    Refused,
    ReplyTask,
    StatementWarning,
    Task,
    TryLater,
)
from oa_graph.client.errors import Refusal, api_error
from oa_graph.errors import NotAllowed as ServiceNotAllowed
from oa_graph.errors import NoTask as ServiceNoTask
from oa_graph.errors import NotFound as ServiceNotFound
from oa_graph.errors import NotNow as ServiceNotNow
from oa_graph.errors import NotValid as ServiceNotValid
from oa_graph.errors import OaGraphError
from tests.sync_client import GENERATED, generated
from tests.unit.simulator.scripted import Fields, Scripted, refuse, reply_task

pytestmark = pytest.mark.anyio
TASK: TypeAdapter[Task] = TypeAdapter(Task)


@dataclass
class Watch:
    """An observer that keeps what it sees."""

    endpoints: list[str] = field(default_factory=list[str])
    repetitions: int = 0
    errors: list[ClientError] = field(default_factory=list[ClientError])

    def answered(self, endpoint: str, seconds: float) -> None:
        self.endpoints.append(endpoint)

    def repeated(self, endpoint: str) -> None:
        self.repetitions += 1

    def failed(self, error: ClientError) -> None:
        self.errors.append(error)


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


@pytest.fixture
def watch() -> Watch:
    return Watch()


def client(transport: httpx.AsyncBaseTransport, watch: Watch, url: str = "http://server") -> AsyncClient:
    return AsyncClient(url, "key", transport=transport, observer=watch, retries=(0.0, 0.0))


def ada(client: AsyncClient) -> AsyncUser:
    return client.user("ada", display_name="Ada ✨")


def reply() -> ReplyTask:
    task = TASK.validate_python(reply_task())
    assert isinstance(task, ReplyTask)
    return task


def failing(
    times: int, error: type[httpx.TransportError], then: Callable[[httpx.Request], httpx.Response]
) -> httpx.MockTransport:
    """A connection that breaks so many times."""
    left = [times]

    def answer(request: httpx.Request) -> httpx.Response:
        if left[0]:
            left[0] -= 1
            raise error("broken", request=request)
        return then(request)

    return httpx.MockTransport(answer)


# What is sent


@pytest.mark.parametrize("url", ["http://server", "http://server/", "http://server/api/v1", "http://server/api/v1/"])
async def test_calls_carry_key_user_and_prefix(url: str, watch: Watch) -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(204)

    task = reply()
    async with client(httpx.MockTransport(answer), watch, url) as caller:
        await ada(caller).acknowledge(task, "m1")
    assert str(requests[0].url) == f"http://server/api/v1/tasks/{task.id}/ack"
    assert requests[0].headers["x-api-key"] == "key"
    assert requests[0].headers["x-oasst-user"] == "local:ada"


async def test_names_in_paths_are_quoted(watch: Watch) -> None:
    paths: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.raw_path.decode())
        return httpx.Response(200, json={"tasks": []})

    async with client(httpx.MockTransport(answer), watch) as caller:
        assert await caller.user("a/b c", auth_method="discord").open_tasks() == []
    assert paths == ["/api/v1/frontend_users/discord/a%2Fb%20c/tasks"]


async def test_ids_are_the_same_whenever_they_are_made(scripted: Scripted, watch: Watch) -> None:
    task = reply()
    for _ in range(2):  # the second one is another process
        async with client(scripted.transport, watch) as caller:
            await ada(caller).acknowledge(task)
            await ada(caller).write(task, "Water.")
            await caller.user("bob").write(task, "Water.")
    first, bobs, second, _ = scripted.bodies("/interaction")
    assert first == second
    assert scripted.bodies("/ack")[0]["message_id"] == first["message_id"]
    assert bobs["user_message_id"] != first["user_message_id"] != first["message_id"]


async def test_observers_see_calls_by_template_refused_ones_too(scripted: Scripted, watch: Watch) -> None:
    scripted.tasks = [reply_task()]
    async with client(scripted.transport, watch) as caller:
        await ada(caller).request_task()
        with pytest.raises(NothingToDo):
            await ada(caller).request_task()
        with pytest.raises(NotFound):
            await caller.message("some-id")
    assert watch.endpoints == ["POST /tasks/", "POST /tasks/", "GET /messages/{id}"]
    assert [type(error) for error in watch.errors] == [NothingToDo, NotFound]


# Refusals


async def test_a_refusal_has_status_code_and_words(scripted: Scripted, watch: Watch) -> None:
    scripted.replies["/interaction"] = refuse(400, 2105, "somebody was faster")
    async with client(scripted.transport, watch) as caller:
        with pytest.raises(Refused, match="status 400, code 2105: somebody was faster") as caught:
            await ada(caller).write(reply(), "Water.")
    assert (caught.value.status, caught.value.code, caught.value.message) == (400, 2105, "somebody was faster")


@pytest.mark.parametrize(
    "body", [b'{"detail":[{"loc":["body"],"msg":"no"}]}', b"<html>", b"[1]", b'{"error_code":"1006"}', b""]
)
async def test_bodies_without_a_code_are_refusals_too(scripted: Scripted, watch: Watch, body: bytes) -> None:
    scripted.replies["/tasks/interaction"] = lambda _: httpx.Response(422, content=body)
    async with client(scripted.transport, watch) as caller:
        with pytest.raises(InvalidRequest) as caught:
            await ada(caller).write(reply(), "")
    assert (caught.value.status, caught.value.code) == (422, None)
    assert caught.value.is_among(frozenset({422}))


async def test_an_invalid_request_names_fields_and_rules(scripted: Scripted, watch: Watch) -> None:
    detail = [{"loc": ["body", "text"], "msg": "too short"}, {"loc": ["body", "user", "id"], "msg": "missing"}]
    scripted.replies["/interaction"] = lambda _: httpx.Response(422, json={"detail": detail, "error_code": 0})
    async with client(scripted.transport, watch) as caller:
        with pytest.raises(InvalidRequest, match=r"body\.text: too short; body\.user\.id: missing") as caught:
            await ada(caller).write(reply(), "")
    assert [(entry.path, entry.rule) for entry in caught.value.fields] == [
        (("body", "text"), "too short"),
        (("body", "user", "id"), "missing"),
    ]


@pytest.mark.parametrize(
    ("headers", "words", "wait"),
    [({"retry-after": "17"}, "wait 99 s", 17.0), ({}, "wait 42 seconds", 42.0), ({}, "later", None)],
)
async def test_a_rate_limit_says_how_long_to_wait(
    scripted: Scripted, watch: Watch, headers: dict[str, str], words: str, wait: float | None
) -> None:
    scripted.replies["/tasks/"] = refuse(429, 429, words, **headers)
    async with client(scripted.transport, watch) as caller:
        with pytest.raises(RateLimited) as caught:
            await ada(caller).request_task()
    assert caught.value.retry_after == wait


async def test_nothing_to_do_says_why_and_when_to_ask_again(scripted: Scripted, watch: Watch) -> None:
    body = {"message": "no", "error_code": 1006, "reason": "all_reserved", "retry_at": "2026-01-02T03:04:05Z"}
    scripted.replies["/tasks/"] = lambda _: httpx.Response(503, json=body, headers={"Retry-After": "30"})
    async with client(scripted.transport, watch) as caller:
        with pytest.raises(NothingToDo) as caught:
            await ada(caller).request_task()
    assert (caught.value.reason, caught.value.retry_after) == ("all_reserved", 30.0)
    assert caught.value.retry_at is not None
    assert caught.value.retry_at.isoformat() == "2026-01-02T03:04:05+00:00"


_MIRRORED: dict[type[OaGraphError], set[type[ApiError]]] = {
    ServiceNotFound: {NotFound},
    ServiceNotAllowed: {NotAllowed},
    ServiceNotValid: {InvalidRequest},
    ServiceNoTask: {NothingToDo, RateLimited},
    ServiceNotNow: {TryLater, Refused, ApiError},
}


@pytest.mark.parametrize("error", ERROR_RESPONSES)
def test_errors_mirror_those_of_the_service(error: type[OaGraphError]) -> None:
    response = ERROR_RESPONSES[error]
    mirrored = type(api_error("POST /", Refusal(response.status, response.code)))
    branch = next(branch for branch in _MIRRORED if issubclass(error, branch))
    is_vague = (response.status, response.code) == (400, GENERIC)  # many have these
    assert mirrored in ({Refused} if is_vague else _MIRRORED[branch])
    assert mirrored is not ApiError or response.status == 500


# Broken connections


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError])
async def test_an_answer_is_sent_again_when_the_connection_breaks(
    watch: Watch, error: type[httpx.TransportError]
) -> None:
    transport = failing(2, error, lambda _: httpx.Response(200, json={"id": "x", "type": "task_done"}))
    async with client(transport, watch) as caller:
        await ada(caller).write(reply(), "Water.")
    assert (watch.repetitions, watch.errors) == (2, [])


async def test_a_request_for_a_task_is_sent_again_with_the_same_key(watch: Watch) -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) in {1, 3}:
            raise httpx.ReadError("lost", request=request)
        return httpx.Response(200, json=reply_task())

    async with client(httpx.MockTransport(answer), watch) as caller:
        await ada(caller).request_task()
        await ada(caller).request_task()
        await ada(caller).request_task(key="my-key")
    first, again, other, other_again, own = keys
    assert first == again != other == other_again
    assert own == "my-key"


async def test_a_server_that_stays_away_is_a_lost_connection(watch: Watch) -> None:
    async with client(failing(99, httpx.ConnectError, lambda _: httpx.Response(204)), watch) as caller:
        with pytest.raises(ConnectionLost, match="http://server does not answer"):
            await ada(caller).acknowledge(reply())
    assert [type(error) for error in watch.errors] == [ConnectionLost]


# Answers that break the protocol


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (httpx.Response(200, json={"id": "x"}), "type"),
        (httpx.Response(200, content=b"{}", headers={"content-type": "text/html"}), "content type text/html"),
        (httpx.Response(201, json={"id": "x", "type": "task_done"}), "status 201 instead of 200"),
        (httpx.Response(200, content=b"", headers={"content-type": "application/json"}), "Invalid JSON"),
    ],
)
async def test_answers_that_break_the_protocol_are_told(watch: Watch, answer: httpx.Response, why: str) -> None:
    async with client(httpx.MockTransport(lambda _: answer), watch) as caller:
        with pytest.raises(ProtocolViolation, match=why):
            await ada(caller).write(reply(), "Water.")
    assert [type(error) for error in watch.errors] == [ProtocolViolation]


@pytest.mark.parametrize("task", [{**reply_task(), "type": "sing_a_song"}, {"id": "t", "type": "initial_prompt"}])
async def test_unknown_kinds_and_missing_fields_break_the_protocol(
    scripted: Scripted, watch: Watch, task: Fields
) -> None:
    scripted.tasks = [task]
    async with client(scripted.transport, watch) as caller:
        with pytest.raises(ProtocolViolation):
            await ada(caller).request_task()


# The header of the lease


@pytest.mark.parametrize(
    ("header", "lease"),
    [
        ({"X-OASST-Lease": 'held; until="2026-11-28T20:35:26Z"'}, (True, "2026-11-28T20:35:26+00:00")),
        ({"X-OASST-Lease": "lost"}, (False, None)),
        ({}, None),
    ],
)
async def test_an_acknowledgement_tells_of_the_lease(
    watch: Watch, header: dict[str, str], lease: tuple[bool, str | None] | None
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(204, headers=header))
    async with client(transport, watch) as caller:
        answer = await ada(caller).acknowledge(reply())
    assert (answer and (answer.held, answer.lease_until and answer.lease_until.isoformat())) == lease


# Statements

_COLUMNS, _ROW = '{"columns": ["id", "text"]}', '["1", "Rain?"]'


def stream(*lines: str) -> httpx.MockTransport:
    content = "".join(f"{line}\n" for line in lines)
    return httpx.MockTransport(lambda _: httpx.Response(200, content=content))


async def test_rows_are_maps_and_remarks_are_warnings(watch: Watch) -> None:
    last = '{"rows": 1, "complete": true, "warnings": [{"message": "no label Pots"}], "error": null}'
    async with client(stream(_COLUMNS, _ROW, last), watch) as caller:
        with pytest.warns(StatementWarning, match="no label Pots"):
            rows = [row async for row in caller.cypher("MATCH …")]
    assert rows == [{"id": "1", "text": "Rain?"}]


async def test_an_answer_that_fails_at_its_end_or_has_none_is_an_error(watch: Watch) -> None:
    error = '{"rows": 1, "complete": false, "warnings": [], "error": {"message": "too slow", "error_code": 7003}}'
    async with client(stream(_COLUMNS, _ROW, error), watch) as caller:
        with pytest.raises(InvalidRequest, match="too slow"):
            [row async for row in caller.cypher("MATCH …")]
    async with client(stream(_COLUMNS, _ROW), watch) as caller:
        with pytest.raises(ProtocolViolation, match="not whole"):
            [row async for row in caller.cypher("MATCH …")]
    assert [type(error) for error in watch.errors] == [InvalidRequest, ProtocolViolation]


# The sync client


def test_the_sync_client_is_generated_from_the_async_one() -> None:
    assert GENERATED.read_text("utf-8") == generated(), "call `make client`"


def test_the_sync_client_sends_and_raises_the_same() -> None:
    scripted = Scripted(tasks=[{"id": "t", "type": "initial_prompt", "hint": None}])
    with Client("http://server", "key", transport=scripted.sync_transport, retries=()) as caller:
        user = caller.user("ada")
        task = user.request_task("initial_prompt", ["de", "en"])
        assert isinstance(task, PromptTask)
        user.acknowledge(task)
        user.write(task, "Was ist Regen?", lang="de")
        with pytest.raises(NothingToDo):
            user.request_task()
    assert [path for path, _ in scripted.sent] == ["/tasks/", "/tasks/t/ack", "/tasks/interaction", "/tasks/"]
    assert (scripted.sent[0][1]["lang"], scripted.sent[0][1]["langs"]) == ("de", ["de", "en"])


def test_importing_the_client_loads_neither_driver_nor_web_framework_nor_server() -> None:
    program = "import sys, oa_graph.client; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"neo4j", "litestar", "uvicorn"} & set(loaded)
    ours = {name for name in loaded if name.startswith("oa_graph")}
    assert {name for name in ours if not name.startswith("oa_graph.client")} == {"oa_graph", "oa_graph.errors"}


def test_all_public_names_are_there() -> None:
    assert [name for name in package.__all__ if not hasattr(package, name)] == []
