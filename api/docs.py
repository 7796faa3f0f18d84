"""Swagger UI over our own document at `/docs`. Nothing is fetched from elsewhere."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from litestar import Litestar, MediaType, Request, Router, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.static_files import create_static_files_router  # pyright: ignore[reportUnknownVariableType]
from openapi_ui_bundles import swagger_ui
from pydantic_core import to_json

from oa_graph.api.document import SCHEMES, TAGS, document

DOCUMENT = "/api/v1/openapi.json"
ASSETS = "/docs-assets"

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>oa_graph: how to talk to it</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{base}docs-assets/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="{base}docs-assets/swagger-ui-bundle.js"></script>
<script src="{base}docs/start.js"></script>
</body>
</html>
"""
"""`base` is the relative address of `/`: the page also works behind a proxy that adds a path."""

_START = f"""const root = new URL("..", document.currentScript.src).href;
SwaggerUIBundle({{
  url: root + "{DOCUMENT[1:]}",
  requestInterceptor: (request) => {{
    if (!request.url.startsWith(root)) request.url = request.url.replace(location.origin + "/", root);
    return request;
  }},
  dom_id: "#page",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
}});
"""

_POLICY = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
    )
}


def _document(app: Litestar) -> bytes:
    """Made once, when first asked for."""
    known = app.state.get("document")
    if known is None:
        known = app.state["document"] = to_json(document(app))
    return known


class _Page(OpenAPIRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        base = "../" if request.scope["raw_path"].endswith(b"/") else ""
        return _PAGE.format(base=base).encode()


class _Document(OpenAPIRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return _document(request.app)


@get("/start.js", media_type="text/javascript")
async def start() -> str:
    """What the page runs; a file of its own, so that the policy can forbid scripts in pages."""
    return _START


@get(DOCUMENT, media_type=MediaType.JSON, include_in_schema=False)
async def openapi(request: Request[Any, Any, Any]) -> bytes:
    """The OpenAPI document."""
    return _document(request.app)


assets = create_static_files_router(
    path=ASSETS, directories=[swagger_ui.static_path], include_in_schema=False, send_as_attachment=False
)

CONFIG = OpenAPIConfig(
    title="oa_graph",
    version=version("oa-graph"),
    summary="Grows conversation trees from crowd work.",
    description=(
        "Open-Assistant's v1 protocol. A frontend asks for a task in a user's name, acknowledges it under an id of "
        "its own, and sends the user's answer under that id; or refuses the task.\n\n"
        "`POST /tasks/` → task · `POST /tasks/{id}/ack` → 204 · `POST /tasks/interaction` → `task_done`, or "
        "`POST /tasks/{id}/nack` → 204\n\n"
        "`oa-graph key` prints a key for *Authorize*; the bodies shown below can be sent as they are.\n\n"
        "Unknown fields are ignored. Application errors are `{message, error_code}`; only the code is meant for "
        "programs. Bodies that cannot be taken are 422 with one entry for each field."
    ),
    tags=TAGS,
    components=SCHEMES,
    use_handler_docstrings=True,
    openapi_router=Router("/docs", route_handlers=[start], response_headers=_POLICY, include_in_schema=False),
    render_plugins=[
        _Page(path="/"),
        _Document(path="/openapi.json", media_type=MediaType.JSON),
    ],
)
