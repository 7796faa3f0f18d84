"""What no library sends: broken escapes, bytes that are no text, numbers beyond all bounds, bodies of other kinds.

Written to the socket as they are, since every HTTP library would put them right. Each operation is sent all of them; it
answers in JSON, with a status that its document names, and is no fault of the service.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import quote, urlsplit

import pytest

from oa_graph.api.app import create_app
from oa_graph.api.document import document
from oa_graph.settings import Settings
from tests.http.api.conftest import ROOT, Service, key_for
from tests.http.api.test_every_request import BROKEN_THREAD, NOTHING
from tests.unit.api.contract import Json, operations

pytestmark = pytest.mark.anyio

OPERATIONS: dict[str, Json] = dict(operations(document(create_app(Settings.model_validate({})))).values())

WORDS = (
    "",
    "%",
    "%zz",
    "%00",
    "%0a",
    "%ff",
    "%ed%a0%80",
    "%F0%9F%8C%A7",
    "%2e%2e",
    "%2f",
    "null",
    "NaN",
    "1e999",
    "-1",
    "9" * 400,
    "a" * 3000,
    "%7B%7D",
    "2023-01-01T00:00:00",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00%2B23:59",
    "0",
    "true",
    "00000000-0000-0000-0000-000000000000",
    "{00000000-0000-0000-0000-000000000000}",
    "$",
    "%24%00",
    "a%24b",
)
"""As they stand in a path or a query."""

QUERIES = ("%", "%ff=%ff", "=", "&&&", "a;b", "%00", "?", "[]=1", "api_key", "oasst_user", "oasst_user=%00:%00")

ACTING = (b":", b"local:", b":ada", b"local:\xff", b"local:" + b"a" * 3000, b"\xe2\x82", b"a:b:c", "local:☔".encode())

TEXTS = (r"\u0000", r"\ud800", r"\udfff\ud800", "a" * 70_000, r"\u202e\ufeff", "")
NUMBERS = ("1e400", "-1e400", "1" * 400, "NaN", "Infinity", "-0.0", "1e-400")

BODIES: tuple[bytes, ...] = (
    b"",
    b" ",
    b"null",
    b"[]",
    b"{}",
    b'""',
    b"0",
    b"true",
    b"{",
    b'{"a":',
    b"\xff\xfe\x00",
    b'{"\xff": 1}',
    b"\xef\xbb\xbf{}",
    '{"type": "random"}'.encode("utf-16"),
    b"[" * 50_000,
    b'{"a":' * 50_000,
    b"[" * 500 + b"]" * 500,
    b'{"type": 1, "type": 2, "user": [], "user": {}}',
    b"--x\r\nContent-Disposition: form-data; name=type\r\n\r\nrandom\r\n--x--",
)

KINDS = (
    b"text/plain",
    b"application/xml",
    b"multipart/form-data; boundary=x",
    b"multipart/form-data",
    b"application/x-www-form-urlencoded",
    b"application/x-msgpack",
    b"application/json; charset=utf-16",
    b"application/json; charset=none",
    b"nonsense",
    b"",
    b"\xff/\xff",
    b"*/*",
)


async def exchange(service: Service, head: bytes, headers: Mapping[str, bytes], body: bytes | None) -> tuple[int, Any]:
    """The status, and the body as JSON; None where there is none; of lines the last one."""
    at = urlsplit(service.url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    lines = [head, b"Host: here", b"Connection: close"]
    lines += [name.encode() + b": " + value for name, value in headers.items()]
    lines += [] if body is None else [b"Content-Length: %d" % len(body)]
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + (body or b""))
    await writer.drain()
    response_head, _, shown = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    status = int(response_head.split(b" ", 2)[1])
    if status == 204:
        assert shown == b""
        return status, None
    if (
        b"content-type: application/x-ndjson" in response_head.lower()
    ):  # in chunks, since its length is not known before
        lines_shown = [line for line in shown.splitlines() if line.startswith((b"{", b"["))]
        return status, json.loads(lines_shown[-1]) if lines_shown else None
    assert b"content-type: application/json" in response_head.lower(), response_head
    return status, json.loads(shown)


async def check(
    service: Service,
    name: str,
    *,
    values: Mapping[str, str] | None = None,
    query: str = "",
    headers: Mapping[str, bytes] | None = None,
    body: bytes | None = None,
) -> None:
    """Sends one request, right but for what is given, and looks at the answer."""
    method, _, path = name.partition(" ")
    operation = OPERATIONS[name]
    needed = {
        parameter["name"]: quote(str(parameter["example"]))
        for parameter in _parameters(operation)
        if parameter.get("required")
    }
    asked = [
        f"{parameter['name']}={needed[parameter['name']]}"
        for parameter in _parameters(operation)
        if _needed_in_query(parameter)
    ]
    target = f"{path.format_map(needed | dict(values or {}))}?{'&'.join([*asked, query])}"
    kind = {"Content-Type": b"application/json"} if body is not None or "requestBody" in operation else {}
    sent = _example(operation) if body is None and "requestBody" in operation else body
    status, shown = await exchange(
        service, f"{method} {target} HTTP/1.1".encode(), {**_keys(name), **kind, **(headers or {})}, sent
    )
    exchanged = (target[:200], headers, body and body[:200], status, shown)
    assert str(status) in operation["responses"] or status in (404, 405), exchanged
    assert status < 500 or shown["error_code"] in (BROKEN_THREAD, NOTHING), exchanged


def _keys(name: str) -> Mapping[str, bytes]:
    return {"X-API-Key": key_for(name).encode(), "Authorization": f"Bearer {ROOT}".encode()}


def _parameters(operation: Json) -> list[Json]:
    return operation.get("parameters", [])


def _needed_in_query(parameter: Json) -> bool:
    return parameter["in"] == "query" and parameter.get("required", False)


def _example(operation: Json) -> bytes:
    media = operation["requestBody"]["content"]["application/json"]
    shown = media["example"] if "example" in media else next(iter(media["examples"].values()))["value"]
    return json.dumps(shown).encode()


JSON_ANSWERS = [name for name in OPERATIONS if name != "GET /metrics"]


@pytest.mark.parametrize("name", [name for name in JSON_ANSWERS if "{" in name])
async def test_in_the_path(service: Service, name: str) -> None:
    for parameter in _parameters(OPERATIONS[name]):
        if parameter["in"] == "path":
            for word in WORDS:
                await check(service, name, values={parameter["name"]: word})


@pytest.mark.parametrize("name", JSON_ANSWERS)
async def test_in_the_query(service: Service, name: str) -> None:
    for query in QUERIES:
        await check(service, name, query=query)
    for parameter in _parameters(OPERATIONS[name]):
        if parameter["in"] == "query":
            for word in WORDS:
                await check(service, name, query=f"{parameter['name']}={word}")
                await check(service, name, query=f"{parameter['name']}={word}&{parameter['name']}={word}")


@pytest.mark.parametrize("name", JSON_ANSWERS)
async def test_in_the_headers(service: Service, name: str) -> None:
    for acting in ACTING:
        await check(service, name, headers={"X-OASST-USER": acting})
    for key in (b"\xff", b"a" * 3000, b""):
        await check(service, name, headers={"X-API-Key": key, "Authorization": key})
    for kind in KINDS:
        await check(service, name, headers={"Content-Type": kind})


@pytest.mark.parametrize("name", [name for name in JSON_ANSWERS if "requestBody" in OPERATIONS[name]])
async def test_in_the_body(service: Service, name: str) -> None:
    for body in BODIES:
        await check(service, name, body=body)
    for kind in KINDS:
        await check(service, name, headers={"Content-Type": kind}, body=BODIES[-1])
    for body in spoilt(json.loads(_example(OPERATIONS[name]))):
        await check(service, name, body=body.encode())


MARK = "MARK"


def spoilt(example: object) -> Iterator[str]:
    """The example with each of its values in turn put into something strange."""
    for marked in _marked(example):
        whole = json.dumps(marked)
        for text in TEXTS:
            yield whole.replace(f'"{MARK}"', f'"{text}"')
        for number in NUMBERS:
            yield whole.replace(f'"{MARK}"', number)


def _marked(example: object) -> Iterator[object]:
    if isinstance(example, dict):
        known = cast("Json", example)
        for name, value in known.items():
            yield from ({**known, name: marked} for marked in _marked(value))
        yield {**known, MARK: 0}
    elif isinstance(example, list):
        known_list = cast("list[object]", example)
        for at, value in enumerate(known_list):
            yield from ([*known_list[:at], marked, *known_list[at + 1 :]] for marked in _marked(value))
    yield MARK
