"""The HTTP face: Open-Assistant's v1 wire protocol."""
