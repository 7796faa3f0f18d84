"""The commands: `oa-graph serve`, `demo`, `simulate`, `import`, `export`, `query`, `report`, `show`, `client`,
`stats`, `openapi` and `db`."""

from __future__ import annotations

from oa_graph.cli import asking, contract, crowd, export, figures, frontends, import_, pictures, serving, store
from oa_graph.cli.console import main

main.add_command(serving.serve)
main.add_command(crowd.demo)
main.add_command(crowd.simulate)
main.add_command(import_.import_)
main.add_command(export.export)
main.add_command(asking.query)
main.add_command(pictures.report)
main.add_command(pictures.show)
main.add_command(frontends.key)
main.add_command(frontends.client)
main.add_command(figures.stats)
main.add_command(contract.openapi)
main.add_command(store.db)

__all__ = ["main"]
