"""The jars of the server: their location, download and verification.

The files are in a cache folder that all checkouts share. They come from Maven Central, or the
repositories in the user's settings of jgo and Maven. Files that do not match the list are never used.

`python -m oa_graph.neo4j_server fetch` downloads missing jars, `verify` checks all files, and `relock` resolves the
list for a new version of Neo4j. `relock` needs `mvn`, which jgo can install.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from oa_graph.neo4j_server.jar_list import SERVER_VERSION, Jar, fingerprint, listed, sha256
from oa_graph.neo4j_server.locks import locked
from oa_graph.settings import settings


def cache_folder() -> Path:
    """Return the cache folder that all checkouts of this user share."""
    return settings().cache.expanduser().absolute()


def folder() -> Path:
    """Return the folder of these jars and their caches."""
    return cache_folder() / f"neo4j-{SERVER_VERSION}-{fingerprint()}"


def class_path() -> tuple[Path, ...]:
    return tuple(_jar_folder() / jar.file for jar in listed())


def _jar_folder() -> Path:
    return folder() / "jars"


def fetch() -> tuple[Path, ...]:
    """Download missing jars and return the class path.

    Raise JarUnavailable or JarMismatch; the next call resumes the download.
    """
    if not _is_complete():
        _repair(thorough=False)
    return class_path()


def repair() -> Sequence[Jar]:
    """Verify all files, download broken ones again, and return them."""
    return _repair(thorough=True)


def _is_complete() -> bool:
    """Compare sizes only: the mark says that the content was verified."""
    return _verified_mark().exists() and not any(map(_differs_in_size, listed()))


def _verified_mark() -> Path:
    return folder() / "verified"


def _differs_in_size(jar: Jar) -> bool:
    try:
        return (_jar_folder() / jar.file).stat().st_size != jar.size
    except OSError:
        return True


def _differs(jar: Jar) -> bool:
    return _differs_in_size(jar) or sha256(_jar_folder() / jar.file) != jar.sha256


def _repair(*, thorough: bool) -> Sequence[Jar]:
    _jar_folder().mkdir(parents=True, exist_ok=True)
    with locked(folder() / "fetch.lock"):  # a second process waits here and then finds all files
        trusted = _verified_mark().exists() and not thorough
        broken = [jar for jar in listed() if (_differs_in_size if trusted else _differs)(jar)]
        if broken:
            from oa_graph.neo4j_server.download import download  # here, because its imports are slow

            _verified_mark().unlink(missing_ok=True)
            download(broken, _jar_folder())
        _verified_mark().touch()
    return broken
