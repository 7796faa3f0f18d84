"""The only code that knows Neo4j."""
