"""The parts of the managed server from a shell, for images, CI and whoever changes the list of jars."""

from __future__ import annotations

import argparse
import time

from oa_graph.managed import jars


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m oa_graph.managed", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch", help="bring the jars here, if they are not")
    commands.add_parser("verify", help="read every jar, and fetch broken ones again")
    commands.add_parser("relock", help="make the committed list of jars anew")
    asked = parser.parse_args()
    started = time.monotonic()
    match asked.command:
        case "fetch":
            said = f"{len(jars.fetch())} jars in {jars.folder()}"
        case "verify":
            said = f"{len(jars.repair())} of {len(jars.listed())} jars were broken and are mended"
        case _:
            from oa_graph.managed.relock import relock

            said = f"{relock()} jars in jars.lock"
    print(f"{said}, {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
