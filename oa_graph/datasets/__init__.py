"""Trees in files: out of the graph and into it, streamed, without loss. See `oasst` for the format of a line.

Everything that a file says comes back in an export that leaves nothing out:
`states=None, include_deleted=True, include_rejected=True`. The defaults give what is ready to learn from: the accepted,
live messages of trees that are ready for export, those of models among them. How what the graph has no place for is
kept stands in `oa_graph.graph.datasets`.

Other files come in as well: single messages, conversations, prompts (`import_formats`); what becomes of their
trees says `destination`, and why a line is not taken `rejects`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import BinaryIO

from oa_graph.context import Context
from oa_graph.datasets.counts import CLIENT, ImportCounts, Progress
from oa_graph.datasets.destination import Destination
from oa_graph.datasets.export import Export, ExportResult, export, export_trees
from oa_graph.datasets.export_formats import EXPORT_FORMATS, Choices
from oa_graph.datasets.filters import Distrusted, Filters, PostStatus
from oa_graph.datasets.import_formats import Defaults, ImportFormat
from oa_graph.datasets.importer import ImportOptions, check_file, import_trees
from oa_graph.datasets.pseudonyms import Pseudonymizer, keyed, seeded
from oa_graph.datasets.rejects import OnReject, Reject, RejectReason
from oa_graph.datasets.stream import stream, with_first
from oa_graph.datasets.writers import Compression
from oa_graph.graph.session import Graph
from oa_graph.language import is_tag

__all__ = [
    "CLIENT",
    "EXPORT_FORMATS",
    "Choices",
    "Compression",
    "Datasets",
    "Defaults",
    "Destination",
    "Distrusted",
    "Export",
    "ExportResult",
    "Filters",
    "ImportCounts",
    "ImportFormat",
    "ImportOptions",
    "OnReject",
    "PostStatus",
    "Pseudonymizer",
    "Reject",
    "RejectReason",
    "check_file",
    "export",
    "export_trees",
    "import_trees",
    "is_tag",
    "keyed",
    "seeded",
    "with_first",
]


class Datasets:
    """Export and import of a collection."""

    def __init__(self, context: Context, graph: Graph) -> None:
        self._context = context
        self._graph = graph

    async def export(
        self, path: BinaryIO | Path, options: Export | None = None, *, on_progress: Progress | None = None
    ) -> ExportResult:
        """Export trees into one file or, with `{split}` in its name, one file for each split.

        `on_progress` is called after each tree with the number of posts written so far. Raise CannotExport, also for a
        name that the graph does not have; OSError; StoreUnavailable.
        """
        return await export(self._graph, path, options or Export(), on_progress=on_progress)

    def stream(
        self, options: Export | None = None, *, on_result: Callable[[ExportResult], object] = lambda _: None
    ) -> AsyncGenerator[bytes]:
        """Yield the bytes of an export while it is made; `on_result` is called at its end. Raise as `export`."""
        return stream(self._graph, options or Export(), on_result=on_result)

    async def import_file(
        self,
        source: BinaryIO | Path,
        options: ImportOptions | None = None,
        *,
        on_reject: OnReject | None = None,
        on_progress: Progress | None = None,
    ) -> ImportCounts:
        """Import the trees of a file; trees that are known are skipped. See `import_trees` for errors and rejects."""
        return await import_trees(
            self._graph,
            source,
            limits=self._context.limits,
            options=options,
            on_reject=on_reject,
            rng=self._context.rng,
            on_progress=on_progress,
        )
