"""The trees in a data scientist's hands: frames, graphs and pictures, read only. It begins with `connect`."""

from oa_graph.analysis.connection import AnalysisConnection, StatementWarning, connect

__all__ = ["AnalysisConnection", "StatementWarning", "connect"]
