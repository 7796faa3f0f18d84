"""Resolve the committed list of jars for a new version of Neo4j."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from jgo.maven import MavenContext, MvnResolver
from jgo.parse import Coordinate
from jgo.util.mvn import ensure_maven_available

from oa_graph.neo4j_server.jar_list import SERVER_VERSION, Jar, sha256

_ROOTS = (f"org.neo4j:neo4j:{SERVER_VERSION}", "org.neo4j.client:neo4j-browser:5.24.0")


def relock() -> int:
    """Resolve the root artifacts by Maven, write the list, and return its length.

    jgo's own resolver (3.2.0) is not used, since it includes jars of the scope "test" (junit, mockito).
    """
    context = MavenContext(resolver=MvnResolver(ensure_maven_available()))
    inputs, transitive = context.resolver.resolve([context.create_dependency(Coordinate.parse(r)) for r in _ROOTS])
    runtime_artifacts = [dependency.artifact for dependency in transitive if dependency.scope in {"compile", "runtime"}]
    jars: list[Jar] = []
    for artifact in [*(dependency.artifact for dependency in inputs), *runtime_artifacts]:
        file = artifact.resolve()
        name = (artifact.groupId, artifact.artifactId, artifact.version, artifact.classifier or "")
        jars.append(Jar(*name, sha256(file), file.stat().st_size))
    jars.sort()
    same_name = [file for file, group in groupby(sorted(jar.file for jar in jars)) if len(list(group)) > 1]
    if same_name:
        raise SystemExit(f"several jars have the same file name: {same_name}")
    head = "# The jars of the server, made by `python -m oa_graph.neo4j_server relock`: name sha256 size\n"
    Path(__file__).with_name("jars.lock").write_text(head + "".join(f"{jar} {jar.sha256} {jar.size}\n" for jar in jars))
    return len(jars)
