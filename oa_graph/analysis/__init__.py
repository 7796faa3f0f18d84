"""The trees in a data scientist's hands: frames, graphs and pictures, read only. It begins with `connect`."""

from oa_graph.analysis.bench import Bench, StatementWarning, connect

__all__ = ["Bench", "StatementWarning", "connect"]
