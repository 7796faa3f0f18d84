"""A simulated crowd that works over HTTP alone.

`oa_graph.crowd.simulate.simulate` measures any server that speaks the protocol, `oa_graph.crowd.demo.demo` shows one
growing trees. Nothing here knows the service's code, its errors' base class aside.
"""
