"""The trees in a data scientist's hands: frames, graphs and pictures, read only. It begins with `connect`."""

from oa_graph.analysis.bench import Bench, connect

__all__ = ["Bench", "connect"]
