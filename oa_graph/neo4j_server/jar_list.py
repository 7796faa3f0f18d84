"""The committed list of the server's jars.

`jars.lock` lists each jar with its size and sha256, so that every machine runs the same server.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

SERVER_VERSION = "2026.08.1"


@dataclass(frozen=True, slots=True, order=True)
class Jar:
    """One line of `jars.lock`. The classifier is usually empty."""

    group: str
    artifact: str
    version: str
    classifier: str
    sha256: str
    size: int

    @property
    def file(self) -> str:
        return "-".join(filter(None, (self.artifact, self.version, self.classifier))) + ".jar"

    @property
    def path(self) -> str:
        """The path in a Maven repository."""
        return "/".join((*self.group.split("."), self.artifact, self.version, self.file))

    def __str__(self) -> str:
        return ":".join(filter(None, (self.group, self.artifact, self.version, self.classifier)))

    @classmethod
    def parse(cls, line: str) -> Jar:
        name, sha256, size = line.split()
        group, artifact, version, *classifier = name.split(":")
        return cls(group, artifact, version, "".join(classifier), sha256, int(size))


@cache
def listed() -> tuple[Jar, ...]:
    """Return the committed list, in the order of the class path."""
    return tuple(Jar.parse(line) for line in _lock_text().splitlines() if line and not line.startswith("#"))


@cache
def fingerprint() -> str:
    """Return a short hash of the list."""
    return hashlib.sha256("".join(f"{jar} {jar.sha256}\n" for jar in listed()).encode()).hexdigest()[:12]


def _lock_text() -> str:
    return (resources.files("oa_graph.neo4j_server") / "jars.lock").read_text()


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
