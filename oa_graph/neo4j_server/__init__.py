"""A managed Neo4j server: oa-graph downloads and runs it, without Docker or an installed Java.

with ManagedNeo4j(Path("data")) as server:
    address = server.address()
"""

from oa_graph.neo4j_server.memory import Memory, sized_from_machine
from oa_graph.neo4j_server.ownership import PortOwner
from oa_graph.neo4j_server.server import Address, ManagedNeo4j, Process, Status
from oa_graph.neo4j_server.supervision import Supervisor

__all__ = ["Address", "ManagedNeo4j", "Memory", "PortOwner", "Process", "Status", "Supervisor", "sized_from_machine"]
