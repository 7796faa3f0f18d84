"""`python -m oa_graph.cli`, for where the script is not on the path."""

from oa_graph.cli import main

main(prog_name="oa-graph")
