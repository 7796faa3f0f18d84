"""Trees in files: out of the graph and into it, streamed, without loss. See `oasst` for the format of a line.

Everything that a file says comes back in an export that leaves nothing out:
`states=None, include_deleted=True, include_rejected=True`. The defaults give what is ready to learn from: the accepted,
live messages of trees that are ready for export, those of models among them. How what the graph has no place for is
kept stands in `oa_graph.graph.exchange`.
"""

from oa_graph.exchange.trees import CLIENT, Counts, export_trees, import_trees

__all__ = ["CLIENT", "Counts", "export_trees", "import_trees"]
