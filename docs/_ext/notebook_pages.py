"""Reads a notebook as a page: its Markdown as it is, its code as blocks. Nothing is run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from myst_parser.parsers.sphinx_ import MystParser

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx


def page(notebook: str) -> str:
    """The notebook as Markdown."""
    cells = [("".join(cell["source"]), cell["cell_type"] == "code") for cell in json.loads(notebook)["cells"]]
    return "\n\n".join(f"```python\n{text}\n```" if code else text for text, code in cells)


class NotebookParser(MystParser):
    """Parses notebooks by the parser of Markdown."""

    supported = ("notebook",)

    def parse(self, inputstring: str, document: nodes.document) -> None:
        super().parse(page(inputstring), document)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_source_suffix(".ipynb", "notebook")
    app.add_source_parser(NotebookParser)
    return {"parallel_read_safe": True}
