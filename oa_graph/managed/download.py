"""Fetching jars: from where jgo and Maven would take them, resumed, checked, and with a progress bar."""

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

from oa_graph.managed.errors import JarMismatch, JarUnavailable
from oa_graph.managed.jars import SERVER_VERSION, Jar, place, sha256

_CHUNK = 1 << 16
_STREAMS = 8
_ATTEMPTS = 5
_TIMEOUT = httpx.Timeout(60, connect=10, pool=None)  # seconds; the first is between two bytes
_MTIME = 1_750_000_000  # one for all: an AOT cache refuses jars whose time changed, as by a repair


def download(jars: Sequence[Jar]) -> None:
    """Fetch several at once with a progress bar; the first failure ends all."""
    console = Console(stderr=True)
    total = sum(jar.size for jar in jars)
    console.print(f"Fetching Neo4j {SERVER_VERSION}: {len(jars)} files, {total / 1e6:.0f} MB, once for this machine")
    columns = (
        TextColumn("Neo4j"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    halt = threading.Event()
    with (
        Progress(*columns, console=console, transient=True) as progress,
        httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client,
        ThreadPoolExecutor(_STREAMS) as pool,
    ):
        bar = progress.add_task("", total=total)
        source = _Source(client, _repositories(), halt, lambda size: progress.advance(bar, size))
        try:
            largest_first = sorted(jars, key=lambda jar: -jar.size)
            done, _ = wait([pool.submit(source.bring, jar) for jar in largest_first], return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        finally:
            halt.set()  # without it Ctrl-C would wait for the files that are on their way
            pool.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where jars come from: the local repository of Maven if it has them, else the remote ones in turn."""

    client: httpx.Client
    repositories: Sequence[str]
    halt: threading.Event
    advance: Callable[[int], None]

    def bring(self, jar: Jar) -> None:
        part = place(jar).with_suffix(".part")
        if not self._copy(jar, part):
            self._insist(jar, part)
        os.utime(part, (_MTIME, _MTIME))
        part.replace(place(jar))

    def _copy(self, jar: Jar, part: Path) -> bool:
        local = _local_repository() / jar.path
        with suppress(OSError):
            if local.stat().st_size == jar.size and sha256(local) == jar.sha256:
                shutil.copyfile(local, part)
                self.advance(jar.size)
                return True
        return False

    def _insist(self, jar: Jar, part: Path) -> None:
        """Try again after what passes: lost connections, busy repositories, a part that was broken."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._get(jar, part)
            except (httpx.HTTPError, OSError, JarMismatch) as failure:
                if attempt == _ATTEMPTS:
                    if isinstance(failure, JarMismatch):
                        raise
                    raise JarUnavailable(jar=jar, why=failure) from failure
                self.halt.wait(0.5 * 2**attempt)

    def _get(self, jar: Jar, part: Path) -> None:
        for repository in self.repositories:
            if self._stream(f"{repository.rstrip('/')}/{jar.path}", jar, part):
                break
        else:
            raise JarUnavailable(jar=jar, why="no repository has it")
        if (found := sha256(part)) != jar.sha256:
            self.advance(-part.stat().st_size)
            part.unlink()
            raise JarMismatch(jar=jar, found=found)

    def _stream(self, url: str, jar: Jar, part: Path) -> bool:
        """Append what is missing to the part; False when this repository does not have the file."""
        have = part.stat().st_size if part.exists() else 0
        if have >= jar.size:  # as long as it should be, or longer: nothing to resume
            part.unlink()
            have = 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with self.client.stream("GET", url, headers=headers) as answer:
            if answer.status_code == 404:
                return False
            answer.raise_for_status()
            resumed = answer.status_code == 206
            with part.open("ab" if resumed else "wb") as file:
                if resumed:
                    self.advance(have)
                for chunk in answer.iter_bytes(_CHUNK):
                    if self.halt.is_set():
                        raise JarUnavailable(jar=jar, why="stopped")
                    file.write(chunk)
                    self.advance(len(chunk))
        return True


def _repositories() -> list[str]:
    """Give what jgo would ask: the repositories of its user's settings, Maven's mirrors, then its default."""
    return [*GlobalSettings.load().repositories.values(), *_maven_mirrors(), MAVEN_CENTRAL_URL]


def _local_repository() -> Path:
    return GlobalSettings.load().repo_cache


def _maven_mirrors() -> list[str]:
    """Give the mirrors that the user's Maven settings have for its central repository."""
    try:
        settings = ElementTree.parse(Path.home() / ".m2" / "settings.xml")
    except (OSError, ElementTree.ParseError):
        return []
    mirrors = settings.iterfind("{*}mirrors/{*}mirror")
    named = ((mirror.findtext("{*}mirrorOf", ""), mirror.findtext("{*}url", "")) for mirror in mirrors)
    return [url.strip() for of, url in named if url and {"*", "central", "external:*"} & set(of.split(","))]
