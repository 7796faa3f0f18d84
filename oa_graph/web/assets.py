"""Styles, scripts and pictures: in memory, compressed, at an address that names their content."""

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
    """One file, as it is and compressed."""

    content: bytes
    compressed: bytes
    media_type: str


@cache
def assets() -> dict[str, Asset]:
    """All files by name."""
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
    """What stands in addresses, so that browsers keep a file until it changes."""
    digest = sha256()
    for name, asset in assets().items():
        digest.update(name.encode() + b"\0" + asset.content)
    return digest.hexdigest()[:16]


def address(name: str) -> str:
    """Where the file with this name is. Raise KeyError."""
    assert name in assets(), name
    return f"/assets/{version()}/{name}"


@get("/assets/{revision:str}/{name:str}", include_in_schema=False)
async def serve_asset(request: Request[Any, Any, Any], revision: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """One file; of another version the present one, not to be kept."""
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
