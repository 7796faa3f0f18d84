"""A worker at a terminal: shows tasks, and keeps what a person types until the service has it."""
