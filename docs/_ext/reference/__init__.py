"""Reference pages that are generated from the code.

A page holds a line `<!-- generated: NAME [ARGUMENT] -->`; the build replaces it by what the generator NAME gives, as
Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import cli, errors, http, python, settings, statements

if TYPE_CHECKING:
    from sphinx.application import Sphinx

GENERATORS: dict[str, Callable[..., str]] = {
    "cli": cli.page,
    "errors": errors.page,
    "graph-model": statements.graph_model,
    "http": http.page,
    "http-schemas": http.schemas,
    "presets": settings.presets,
    "python": python.page,
    "settings": settings.page,
    "statement-parts": statements.shared_parts,
    "statements": statements.page,
}

MARK = re.compile(r"^<!-- generated: (?P<name>\S+)(?P<arguments>( \S+)*) -->$", re.MULTILINE)


def filled(page: str) -> str:
    """A page with its marks replaced."""
    return MARK.sub(lambda mark: GENERATORS[mark["name"]](*mark["arguments"].split()), page)


def _read(app: Sphinx, docname: str, source: list[str]) -> None:
    if MARK.search(source[0]):
        source[0] = filled(source[0])
        app.env.note_reread()  # the code may change while the page does not


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", _read)
    return {"parallel_read_safe": True}
