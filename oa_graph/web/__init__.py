"""Pages for people: sign in, do tasks, see one's own work. They stand on the collection, as `oa_graph.api` does."""
