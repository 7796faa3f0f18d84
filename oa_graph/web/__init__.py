"""Pages for contributors, analysts and operators. They call the collection, as `oa_graph.api` does."""
