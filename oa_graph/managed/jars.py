"""The jars of the server: which ones they are, where they lie, and how they come here.

`jars.lock` beside this file names each with its size and sha256, so that every machine runs the same server.
The files lie in one cache folder for all checkouts; where they come from is for jgo and the settings of its
user (or of Maven) to say. Nothing that does not match the list is ever put in place.

`python -m oa_graph.managed fetch` brings what is missing, `verify` reads every file again, and `relock` makes
the list anew, for a new version of Neo4j; it needs `mvn`, or lets jgo bring it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from oa_graph.managed.locks import locked
from oa_graph.settings import settings

SERVER_VERSION = "2026.08.1"


@dataclass(frozen=True, slots=True, order=True)
class Jar:
    """One line of `jars.lock`. The classifier is "" for most."""

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
        """Where any Maven repository keeps it."""
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
    """Give the committed list, in the order of the class path."""
    return tuple(Jar.parse(line) for line in _lock_text().splitlines() if line and not line.startswith("#"))


@cache
def fingerprint() -> str:
    """Give a short name of exactly these jars."""
    return hashlib.sha256("".join(f"{jar} {jar.sha256}\n" for jar in listed()).encode()).hexdigest()[:12]


def cache_folder() -> Path:
    """Give the folder that all checkouts of this user share."""
    return settings().cache.expanduser().absolute()


def folder() -> Path:
    """Give the folder of these jars and of what belongs to them."""
    return cache_folder() / f"neo4j-{SERVER_VERSION}-{fingerprint()}"


def class_path() -> tuple[Path, ...]:
    return tuple(folder() / "jars" / jar.file for jar in listed())


def fetch() -> tuple[Path, ...]:
    """Bring all jars here, if they are not, and give the class path.

    Raises JarUnavailable or JarMismatch; what has come by then stays, and the next call goes on from there.
    """
    if not _looks_whole():
        _mend(thorough=False)
    return class_path()


def repair() -> Sequence[Jar]:
    """Read every file, fetch again those that are broken, and name them."""
    return _mend(thorough=True)


def _looks_whole() -> bool:
    """Compare sizes only: their content was verified before the mark was set."""
    return _mark().exists() and not any(map(_differs_in_size, listed()))


def _mark() -> Path:
    return folder() / "verified"


def place(jar: Jar) -> Path:
    return folder() / "jars" / jar.file


def _differs_in_size(jar: Jar) -> bool:
    try:
        return place(jar).stat().st_size != jar.size
    except OSError:
        return True


def _differs(jar: Jar) -> bool:
    return _differs_in_size(jar) or sha256(place(jar)) != jar.sha256


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mend(*, thorough: bool) -> Sequence[Jar]:
    (folder() / "jars").mkdir(parents=True, exist_ok=True)
    with locked(folder() / "fetch.lock"):  # a second process waits here, and then finds all in place
        trusted = _mark().exists() and not thorough
        broken = [jar for jar in listed() if (_differs_in_size if trusted else _differs)(jar)]
        if broken:
            from oa_graph.managed.download import download  # its imports take longer than all the rest

            _mark().unlink(missing_ok=True)
            download(broken)
        _mark().touch()
    return broken


def _lock_text() -> str:
    return (resources.files("oa_graph.managed") / "jars.lock").read_text()
