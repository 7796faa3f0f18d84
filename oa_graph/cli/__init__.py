"""The commands: `oa-graph serve`, `demo`, `simulate`, `import`, `export`, `query`, `report`, `show`, `client`,
`guidelines`, `llm`, `stats`, `openapi`, `work` and `db`."""

from __future__ import annotations

from oa_graph.graph import import_driver

import_driver()  # before anything else does

from oa_graph.cli.console import main  # noqa: E402

__all__ = ["main"]
