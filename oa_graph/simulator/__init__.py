"""A simulated crowd that works over HTTP alone.

`oa_graph.simulator.simulate.simulate` measures any server that speaks the protocol. `oa_graph.simulator.demo.demo`
shows how one grows trees. The simulator does not use the service's code, apart from the base class of its errors.
"""
