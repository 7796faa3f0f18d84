"""The Neo4j server that oa-graph runs by itself: no Docker, no Java and no Neo4j installed beforehand.

with Server(Path("data")) as server:
    address = server.address()
"""

from oa_graph.managed.memory import Memory, sized_from_machine
from oa_graph.managed.ownership import PortOwner
from oa_graph.managed.server import Address, Process, Server, Status
from oa_graph.managed.supervision import Supervisor

__all__ = ["Address", "Memory", "PortOwner", "Process", "Server", "Status", "Supervisor", "sized_from_machine"]
