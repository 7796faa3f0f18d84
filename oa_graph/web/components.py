"""All components on one page, for developers."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from oa_graph.web.render import page
from oa_graph.web.request import PageRequest


@get("/pages/components")
async def components(request: PageRequest) -> Response[Any]:
    """Show the components."""
    return page(request, "components_page.html")
