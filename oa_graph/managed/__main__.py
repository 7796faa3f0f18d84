"""The parts of the managed server from a shell, for images, CI and whoever changes the list of jars."""

from __future__ import annotations

import argparse
import os
import time

from oa_graph.managed import aot, jars


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m oa_graph.managed", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch", help="bring the jars here, if they are not")
    commands.add_parser("verify", help="read every jar, and fetch broken ones again")
    commands.add_parser("relock", help="make the committed list of jars anew")
    train = commands.add_parser("train", help="make the AOT cache that halves the start, if there is none")
    train.add_argument("--quietly", action="store_true", help="with the lowest priority; remember a failure")
    asked = parser.parse_args()
    started = time.monotonic()
    match asked.command:
        case "fetch":
            said = f"{len(jars.fetch())} jars in {jars.folder()}"
        case "verify":
            said = f"{len(jars.repair())} of {len(jars.listed())} jars were broken and are mended"
        case "relock":
            from oa_graph.managed.relock import relock

            said = f"{relock()} jars in jars.lock"
        case _ if asked.quietly:
            os.nice(19)
            said = str(aot.train_or_give_up())
        case _:
            said = str(aot.train())
    print(f"{said}, {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
