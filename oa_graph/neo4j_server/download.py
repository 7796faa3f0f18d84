"""Download of jars from Maven repositories: resumed, verified, and with a progress bar."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import httpx
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from oa_graph.neo4j_server.errors import JarMismatch, JarUnavailable
from oa_graph.neo4j_server.jar_list import SERVER_VERSION, Jar, sha256

_CHUNK = 1 << 16
_STREAMS = 8
_ATTEMPTS = 5
_TIMEOUT = httpx.Timeout(60, connect=10, pool=None)  # seconds; the first is between two bytes
_MTIME = 1_750_000_000  # one for all: an AOT cache refuses jars whose time changed, as by a repair


def download(jars: Sequence[Jar], folder: Path) -> None:
    """Download jars concurrently into a folder, with a progress bar; the first failure stops all."""
    console = Console(stderr=True)
    total = sum(jar.size for jar in jars)
    console.print(f"Downloading Neo4j {SERVER_VERSION}: {len(jars)} files, {total / 1e6:.0f} MB, once for this machine")
    columns = (
        TextColumn("Neo4j"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    cancelled = threading.Event()
    with (
        Progress(*columns, console=console, transient=True) as progress,
        httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client,
        ThreadPoolExecutor(_STREAMS) as pool,
    ):
        bar = progress.add_task("", total=total)
        source = _Source(client, _repositories(), folder, cancelled, lambda size: progress.advance(bar, size))
        try:
            largest_first = sorted(jars, key=lambda jar: -jar.size)
            finished, _ = wait([pool.submit(source.fetch, jar) for jar in largest_first], return_when=FIRST_EXCEPTION)
            for future in finished:
                future.result()
        finally:
            cancelled.set()  # else Ctrl-C would wait for running downloads
            pool.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Source:
    """The source of jars: the local Maven repository, else the remote ones in order."""

    client: httpx.Client
    repositories: Sequence[str]
    folder: Path
    cancelled: threading.Event
    advance: Callable[[int], None]

    def fetch(self, jar: Jar) -> None:
        file = self.folder / jar.file
        part = file.with_suffix(".part")
        if not self._copy(jar, part):
            self._download(jar, part)
        os.utime(part, (_MTIME, _MTIME))
        part.replace(file)

    def _copy(self, jar: Jar, part: Path) -> bool:
        local = _local_repository() / jar.path
        with suppress(OSError):
            if local.stat().st_size == jar.size and sha256(local) == jar.sha256:
                shutil.copyfile(local, part)
                self.advance(jar.size)
                return True
        return False

    def _download(self, jar: Jar, part: Path) -> None:
        """Repeat the download after temporary failures: lost connections, busy repositories, broken parts."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._download_once(jar, part)
            except (httpx.HTTPError, OSError, JarMismatch) as failure:
                if attempt == _ATTEMPTS:
                    if isinstance(failure, JarMismatch):
                        raise
                    raise JarUnavailable(jar=jar, why=failure) from failure
                self.cancelled.wait(0.5 * 2**attempt)

    def _download_once(self, jar: Jar, part: Path) -> None:
        for repository in self.repositories:
            if self._stream(f"{repository.rstrip('/')}/{jar.path}", jar, part):
                break
        else:
            raise JarUnavailable(jar=jar, why="no repository has it")
        if (actual := sha256(part)) != jar.sha256:
            self.advance(-part.stat().st_size)
            part.unlink()
            raise JarMismatch(jar=jar, found=actual)

    def _stream(self, url: str, jar: Jar, part: Path) -> bool:
        """Append the missing bytes to the part; return False if the repository does not have the file."""
        received = part.stat().st_size if part.exists() else 0
        if received >= jar.size:  # nothing to resume
            part.unlink()
            received = 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={received}-"} if received else {})
        with self.client.stream("GET", url, headers=headers) as answer:
            if answer.status_code == 404:
                return False
            answer.raise_for_status()
            resumed = answer.status_code == 206
            with part.open("ab" if resumed else "wb") as file:
                if resumed:
                    self.advance(received)
                for chunk in answer.iter_bytes(_CHUNK):
                    if self.cancelled.is_set():
                        raise JarUnavailable(jar=jar, why="stopped")
                    file.write(chunk)
                    self.advance(len(chunk))
        return True


def _repositories() -> list[str]:
    """Return the repositories that jgo would use: those of the user's settings, Maven's mirrors, and its default."""
    return [*GlobalSettings.load().repositories.values(), *_maven_mirrors(), MAVEN_CENTRAL_URL]


def _local_repository() -> Path:
    return GlobalSettings.load().repo_cache


def _maven_mirrors() -> list[str]:
    """Return the mirrors of Maven Central in the user's Maven settings."""
    try:
        settings = ElementTree.parse(Path.home() / ".m2" / "settings.xml")
    except (OSError, ElementTree.ParseError):
        return []
    mirrors = settings.iterfind("{*}mirrors/{*}mirror")
    named = ((mirror.findtext("{*}mirrorOf", ""), mirror.findtext("{*}url", "")) for mirror in mirrors)
    return [url.strip() for of, url in named if url and {"*", "central", "external:*"} & set(of.split(","))]
