"""How far people agree, and whom to trust, from what the graph holds."""
