"""What every response keeps to, whoever asked, and what a refusal looks like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, cast

import httpx

Body = dict[str, Any]

STATUSES: Mapping[int, frozenset[int]] = {
    0: frozenset({400, 500}),
    2: frozenset({403}),
    3: frozenset({403}),
    4: frozenset({503}),
    **dict.fromkeys((100, 101), frozenset({400})),
    429: frozenset({429}),
    **dict.fromkeys((500, 501), frozenset({500})),
    600: frozenset({401}),
    **dict.fromkeys((1001, 1002, 1003, 1004, 1005, 1007, 1008, 1009, 1010, 1011, 1012), frozenset({400})),
    1006: frozenset({503}),
    **dict.fromkeys((2000, 2002, 2003, 2004, 2006, 2007, 2010, 2011, 2012), frozenset({400})),
    2001: frozenset({404}),
    **dict.fromkeys((2008, 2009), frozenset({500})),
    **dict.fromkeys((2050, 2051, 2052, 2053, 2101, 2102, 2103, 2104, 2105, 2106, 2107), frozenset({400})),
    2100: frozenset({400, 404}),
    3001: frozenset({400}),
    4000: frozenset({400}),
    4001: frozenset({503}),
    4002: frozenset({404}),
    4003: frozenset({451}),
    5000: frozenset({400}),
    6000: frozenset({400}),
}
"""With which statuses each code of an error comes."""

NO_ROUTE = "Not Found"
"""The `detail` of 404 where there is no such path; other fields may stand beside it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, whatever library took it."""

    status: int
    content_type: str
    body: bytes

    @classmethod
    def of(cls, got: httpx.Response) -> Answer:
        return cls(got.status_code, got.headers.get("content-type", ""), got.content)


class Refused(Exception):
    """The service said no; `code` is None where the protocol has none for it."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.code: int | None = body.get("error_code")

    @property
    def why(self) -> tuple[int, int | None]:
        return self.status, self.code


def value(answer: Answer, status: int = 200) -> Any:
    """The JSON value of a success with `status`, None for 204. Raises Reject for an error that is well-formed."""
    if answer.status == 204:
        assert answer.body == b"", "204 has no body"
        assert status == 204, f"204 where {status} was due"
        return None
    media, _, charset = answer.content_type.partition(";")
    assert media == "application/json", f"{answer.status} with {answer.content_type!r}: {answer.body[:200]!r}"
    assert charset.strip().lower() in ("", "charset=utf-8")
    refusal = json.loads(answer.body.decode("utf-8"))
    if answer.status >= 300:
        check_refusal(answer.status, refusal)
        raise Refused(answer.status, refusal)
    assert answer.status == status, f"{answer.status} where {status} was due"
    return refusal


def check_refusal(status: int, refusal: object) -> None:
    """The body of an error is one of the few shapes that frontends can read."""
    assert isinstance(refusal, dict), refusal
    body = cast("Body", refusal)
    if status == 422:
        assert isinstance(body["detail"], list)
        errors = cast("list[Body]", body["detail"])
        assert errors, "says what is wrong"
        for error in errors:
            assert isinstance(error["loc"], list)
            assert isinstance(error["msg"], str)
            assert isinstance(error["type"], str)
    elif isinstance(body.get("detail"), str):
        assert body["detail"]
    elif "error_code" in body:
        assert isinstance(body["message"], str)
        assert body["message"]
        assert status in STATUSES[body["error_code"]], (status, body)
    else:
        raise AssertionError(body)


def person(name: str, method: str = "local", display_name: str | None = None) -> Body:
    """The User of request bodies."""
    return {"id": name, "display_name": display_name or name.title(), "auth_method": method}


def open_http(url: str, **options: Any) -> httpx.AsyncClient:
    """Calls below `/api/v1`, and follows no redirect: both forms of a path are served."""
    return httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=60, trust_env=False, verify=False, **options)


class Raw:
    """Calls that are written by hand, for what no frontend of these tests does by itself."""

    def __init__(self, url: str) -> None:
        self.http = open_http(url)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def call(self, method: str, path: str, *, status: int = 200, **options: Any) -> Any:
        """The decoded answer with this very status. Raises Reject."""
        return value(Answer.of(await self.http.request(method, path, **options)), status)

    async def refused(self, method: str, path: str, **options: Any) -> tuple[int, int | None]:
        """Status and code of the refusal that is due."""
        try:
            result = await self.call(method, path, **options)
        except Refused as error:
            return error.why
        raise AssertionError(f"{method} {path} was taken: {result}")
