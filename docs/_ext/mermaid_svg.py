"""Draws Mermaid diagrams while the pages are built.

The pages hold pictures, one for a light and one for a dark background, and need no script. `mermaidx` brings Mermaid
and an engine to run it, so neither a browser nor Node.js is needed.
"""

from __future__ import annotations

import re
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import mermaidx
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

THEMES = {"only-light": "default", "only-dark": "dark"}


class Mermaid(SphinxDirective):
    """A fenced block of Mermaid; its `accTitle` becomes the text for those who do not see the picture."""

    has_content = True
    folder: ClassVar[Path]
    """Where the pictures go, beside the pages."""

    def run(self) -> list[nodes.Node]:
        source = "\n".join(self.content)
        pictures = [self._picture(source, shown, theme) for shown, theme in THEMES.items()]
        return [nodes.raw("", f'<p class="diagram">{"".join(pictures)}</p>', format="html")]

    def _picture(self, source: str, shown: str, theme: str) -> str:
        file = self.folder / f"{sha256(source.encode()).hexdigest()[:16]}-{theme}.svg"
        if not file.exists():
            file.write_text(drawn(source, theme), "utf-8")
        title = re.search(r"^\s*accTitle: *(.+)$", source, re.MULTILINE)
        alt = escape(title[1] if title else "diagram")
        up = "../" * self.env.docname.count("/")
        return f'<img class="{shown}" src="{up}{self.folder.name}/{file.name}" alt="{alt}">'


def drawn(source: str, theme: str) -> str:
    """The diagram as SVG."""
    return mermaidx.render(source, theme=theme).svg()  # pyright: ignore[reportUnknownMemberType] - its options are untyped


def _prepare(app: Sphinx) -> None:
    Mermaid.folder = Path(app.outdir, "_diagrams")
    Mermaid.folder.mkdir(parents=True, exist_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", _prepare)
    app.add_directive("mermaid", Mermaid)
    return {"parallel_read_safe": True}
