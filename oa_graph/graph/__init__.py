"""The only code that knows Neo4j."""

from __future__ import annotations

import sys

_TAKEN_ALONG = ("numpy", "pandas", "pyarrow")


def import_driver() -> None:
    """Import the driver without the packages whose values it could send: half a second and 80 MiB of each process.

    For programs of our own, which send none. A notebook that imports the driver by itself has it whole.
    """
    if "neo4j" in sys.modules:
        return
    absent = [name for name in _TAKEN_ALONG if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # pyright: ignore[reportArgumentType] - importing it fails then
    try:
        import neo4j  # noqa: F401  # pyright: ignore[reportUnusedImport]
    finally:
        for name in absent:
            del sys.modules[name]
