"""Manage the program files of the server, for container images, CI and maintainers of the list of jars."""

from __future__ import annotations

import argparse
import time

from oa_graph.neo4j_server import jar_list, jars


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m oa_graph.neo4j_server", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch", help="download missing jars")
    commands.add_parser("verify", help="verify all jars, and download broken ones again")
    commands.add_parser("relock", help="resolve the committed list of jars again")
    arguments = parser.parse_args()
    started = time.monotonic()
    match arguments.command:
        case "fetch":
            result = f"{len(jars.fetch())} jars in {jars.folder()}"
        case "verify":
            result = f"{len(jars.repair())} of {len(jar_list.listed())} jars were broken and are repaired"
        case _:
            from oa_graph.neo4j_server.relock import relock

            result = f"{relock()} jars in jars.lock"
    print(f"{result}, {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
