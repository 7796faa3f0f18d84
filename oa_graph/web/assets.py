"""Styles, scripts and pictures: kept in memory, compressed, served under an address with a hash of their content."""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file, plain and compressed."""

    content: bytes
    compressed: bytes
    media_type: str


@cache
def assets() -> dict[str, Asset]:
    """Return all files by name."""
    folder = files("oa_graph.web") / "static"
    return {
        file.name: Asset(
            content := file.read_bytes(),
            gzip.compress(content, mtime=0),
            _TYPES.get(file.name[file.name.rfind(".") :]) or mimetypes.guess_type(file.name)[0] or "text/plain",
        )
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.is_file()
    }


@cache
def version() -> str:
    """Return a hash of all files. It is part of their addresses, so that browsers cache a file until one changes."""
    digest = sha256()
    for name, asset in assets().items():
        digest.update(name.encode() + b"\0" + asset.content)
    return digest.hexdigest()[:16]


def address(name: str) -> str:
    """Return the address of a file."""
    assert name in assets(), name
    return f"/assets/{version()}/{name}"


@get("/assets/{revision:str}/{name:str}", include_in_schema=False)
async def serve_asset(request: Request[Any, Any, Any], revision: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Serve a file. An address with an old hash gets the current file, which is then not cached."""
    asset = assets().get(name)
    if asset is None:
        raise NotFoundException
    headers = dict(_HEADERS)
    if revision != version():
        headers["Cache-Control"] = "no-cache"
    content = asset.content
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"], content = "gzip", asset.compressed
    return Response(content, headers=headers, media_type=asset.media_type)
