"""The Neo4j server that oa-graph runs by itself: no Docker, no Java and no Neo4j installed beforehand.

with Server(Path("data")) as server:
    address = server.address()
"""

from oa_graph.managed.memory import Memory, sized_from_machine
from oa_graph.managed.server import Address, Process, Server, Status

__all__ = ["Address", "Memory", "Process", "Server", "Status", "sized_from_machine"]
