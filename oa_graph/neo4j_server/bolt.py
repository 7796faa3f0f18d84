"""A minimal Bolt client that checks whether a server answers a statement.

Only `oa_graph.graph` imports the driver. This client runs one statement and reads only its success.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Mapping
from typing import cast

_HELLO, _LOGON, _RUN, _PULL, _SUCCESS, _FAILURE = 0x01, 0x6A, 0x10, 0x3F, 0x70, 0x7F
_OFFER = bytes.fromhex("6060b01700080805000000000000000000000000")  # Bolt 5.8 down to 5.0


class Refusal(Exception):
    """The server rejected the connection, the login or the statement."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


def probe(
    port: int, *, username: str, password: str, database: str, permit: Callable[[], bool], seconds: float = 5
) -> None:
    """Run `RETURN 1`, with a time limit for each message. `permit` returns whether the listener may get the password.

    Raise OSError if no permitted server answers, and Refusal with the message of the server.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        if not permit():
            raise ConnectionError(f"another program listens on port {port}")
        connection.sendall(_OFFER)
        if _read(connection, 4) == bytes(4):
            raise Refusal("the server does not support Bolt 5")
        product = "oa-graph/1 (health check)"
        hello = _message(_HELLO, {"user_agent": product, "bolt_agent": {"product": product}})
        logon = _message(_LOGON, {"scheme": "basic", "principal": username, "credentials": password})
        run = _message(_RUN, "RETURN 1", {}, {"db": database})
        connection.sendall(hello + logon + run + _message(_PULL, {"n": -1}))
        for _ in range(3):  # HELLO, LOGON and RUN
            answer = _answer(connection)
            if answer[1] != _SUCCESS:
                raise Refusal(_text(answer, "message"), _text(answer, "neo4j_code") or _text(answer, "code"))


def _message(tag: int, *fields: object) -> bytes:
    body = bytes((0xB0 + len(fields), tag)) + b"".join(map(_pack, fields))
    return struct.pack(">H", len(body)) + body + bytes(2)


def _pack(value: object) -> bytes:
    match value:
        case int() if -16 <= value < 128:
            return struct.pack("b", value)
        case str():
            text = value.encode()
            return (bytes((0x80 + len(text),)) if len(text) < 16 else bytes((0xD0, len(text)))) + text
        case dict():
            items = cast("Mapping[str, object]", value).items()
            return bytes((0xA0 + len(items),)) + b"".join(_pack(part) for item in items for part in item)
        case _:
            raise TypeError(f"{type(value).__name__} is not supported")


def _text(answer: bytes, key: str) -> str:
    """Return the text of a key in a FAILURE message; empty if it has none."""
    value = answer.partition(_pack(key))[2]
    match value[:1]:
        case b"":
            return ""
        case b"\xd0":
            size, text = value[1], value[2:]
        case b"\xd1":
            size, text = int.from_bytes(value[1:3]), value[3:]
        case _:
            size, text = value[0] & 0x0F, value[1:]
    return text[:size].decode(errors="replace")


def _answer(connection: socket.socket) -> bytes:
    """Read one message. Empty chunks before it are keep-alives."""
    message = b""
    while True:
        (size,) = struct.unpack(">H", _read(connection, 2))
        if size:
            message += _read(connection, size)
        elif message:
            return message


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise ConnectionError("the server closed the connection")
        data += chunk
    return data
