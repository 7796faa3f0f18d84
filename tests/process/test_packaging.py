"""What is published: the source archive, the wheel that is made of it, and that it works without the checkout."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.paths import ROOT

TOP = ("oa_graph", "api", "cypher")
KINDS = {".py", ".cypher", ".typed", ".lock", ".md", ".j2", ".json", ".html", ".css", ".js", ".svg", ".po", ".LICENSE"}

# Run with the installed package first and the libraries of this environment after it, away from the checkout.
_TRY = """
import sys
from importlib.resources import files
import oa_graph, oa_graph.api.app, oa_graph.cli, oa_graph.neo4j_server
from oa_graph.graph import schema
from oa_graph.graph.statements import catalogue
from oa_graph.neo4j_server import jar_list, jars
assert all(each.__file__.startswith(sys.argv[1]) for each in (oa_graph, oa_graph.api.app, oa_graph.cli))
assert catalogue()["tasks/lease_uniform"].text.strip(), "no statements"
assert len(jar_list.listed()) > 50
assert (files("oa_graph") / "py.typed").is_file()
assert (files("oa_graph.api") / "app.py").is_file()
assert (files("oa_graph.analysis") / "report.html.j2").is_file()
assert (files("oa_graph.web") / "templates" / "base.html").is_file()
assert (files("oa_graph.web") / "static" / "pages.css").is_file()
assert (files("oa_graph.web") / "locale" / "de.po").is_file()
assert (files("oa_graph.simulator") / "phrases.json").is_file()
assert len([*(files("oa_graph") / "guideline_texts" / "en").iterdir()]) == 10
print(len(catalogue()), len([*(files("oa_graph.cypher") / "schema").iterdir()]))
"""


def command(*words: str | Path, cwd: Path, **environment: str) -> str:
    got = subprocess.run(
        [*map(str, words)],
        cwd=cwd,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INDEX": "1", **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert got.returncode == 0, got.stdout + got.stderr
    return got.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sdist")
    command(sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    (made,) = out.glob("*.tar.gz")
    return made


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made of the source archive, so that nothing can come from the checkout."""
    out = tmp_path_factory.mktemp("wheel")
    with tarfile.open(sdist) as archive:
        archive.extractall(out, filter="data")
    (source,) = out.iterdir()
    command(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, source, cwd=out)
    (made,) = out.glob("*.whl")
    return made


def committed() -> set[str]:
    """The files of the package as the checkout has them: real folders at the top."""
    return {
        str(path.relative_to(ROOT))
        for top in TOP
        for path in (ROOT / top).rglob("*")
        if path.suffix in KINDS and path.is_file() and "__pycache__" not in path.parts and not _is_linked(path)
    }


def _is_linked(path: Path) -> bool:
    return any(parent.is_symlink() for parent in path.parents)


def installed(name: str) -> str:
    """Where a file of the checkout stands in the wheel."""
    return name if name.startswith("oa_graph/") else f"oa_graph/{name}"


def test_the_source_archive_holds_all_that_belongs_to_the_package_and_its_tests(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        members = {name.partition("/")[2]: member for name, member in zip(archive.getnames(), archive, strict=True)}
    assert committed() <= set(members)
    assert {
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "pyproject.toml",
        "requirements.txt",
        "requirements-dev.txt",
        "docker-compose.yml",
        "tests/conftest.py",
        "docs/tutorials/first_analysis.ipynb",
    } <= set(members)
    assert not [name for name, member in members.items() if member.issym() or member.islnk()]
    assert not [name for name in members if name.startswith(("oa_graph/api/", "oa_graph/cypher/", ".venv", "demo/"))]


def test_the_wheel_holds_each_file_once_under_one_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert len(names) == len(set(names))
    inside = {name for name in names if ".dist-info/" not in name}
    assert {installed(name) for name in committed()} == {name for name in inside if Path(name).suffix in KINDS}
    assert {name.split("/")[0] for name in inside} == {"oa_graph"}
    assert {"oa_graph/api/app.py", "oa_graph/cypher/tasks/lease_uniform.cypher", "oa_graph/py.typed"} <= inside
    assert "oa_graph/neo4j_server/jars.lock" in inside


def test_the_wheel_works_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "venv"
    command(sys.executable, "-m", "venv", "--without-pip", fresh, cwd=tmp_path)
    python = fresh / "bin" / "python"
    scheme = {"base": str(fresh), "platbase": str(fresh)}
    package = Path(sysconfig.get_path("purelib", "venv", vars=scheme))
    pip = [sys.executable, "-m", "pip", "--python", python, "install"]
    command(*pip, "--no-deps", "--no-index", "--no-build-isolation", "--no-cache-dir", wheel, cwd=tmp_path)
    assert (package / "oa_graph" / "__init__.py").is_file()
    assert (fresh / "bin" / "oa-graph").is_file()
    libraries = sysconfig.get_path("purelib")
    path = os.pathsep.join([str(package), libraries])
    printed = command(python, "-c", _TRY, package, cwd=tmp_path, PYTHONPATH=path)
    statements, steps = map(int, printed.split())
    files = [name for name in committed() if name.startswith("cypher/") and name.endswith(".cypher")]
    names = [name for name in files if not name.startswith("cypher/_parts/")]
    in_schema = [name for name in names if name.startswith("cypher/schema/")]
    in_parts = [name for name in names if name.startswith("cypher/_parts/")]
    assert steps == len(in_schema)
    assert statements == len(names) - len(in_schema) - len(in_parts)
    helped = command(fresh / "bin" / "oa-graph", "--help", cwd=tmp_path, PYTHONPATH=path)
    assert "serve" in helped


# The pinned packages


def pins(file: str) -> dict[str, Requirement]:
    """The requirements of a file by the name of their package."""
    lines = re.findall(r"^(\w.*?) *\\$", (ROOT / file).read_text("utf-8"), re.MULTILINE)
    return {canonicalize_name(pin.name): pin for pin in map(Requirement, lines)}


def required(roots: list[str]) -> set[str]:
    """The packages that these requirements bring into this environment, as their metadata says."""
    pending = [(Requirement(root), "") for root in roots]
    seen: set[tuple[str, str]] = set()
    while pending:
        requirement, extra = pending.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for part in ("", *requirement.extras):
            if (name, part) not in seen:
                seen.add((name, part))
                pending += [(Requirement(line), part) for line in metadata.requires(name) or []]
    return {name for name, _ in seen}


def test_the_image_installs_what_a_service_needs_and_no_more() -> None:
    project: Any = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    roots = [
        *project["project"]["dependencies"],
        *extras["fast"],
        *extras["otel"],
        *project["dependency-groups"]["image"],
    ]
    here = {name for name, pin in pins("requirements.txt").items() if pin.marker is None or pin.marker.evaluate()}
    assert here == required(roots)


def test_the_image_has_the_versions_that_are_tested() -> None:
    tested = pins("requirements-dev.txt")
    assert {name: tested[name].specifier for name in pins("requirements.txt")} == {
        name: pin.specifier for name, pin in pins("requirements.txt").items()
    }


# Docker


def test_make_secrets_writes_one_password_for_both_containers_and_keeps_it(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    secrets = tmp_path / "secrets"
    command("make", "secrets", f"PYTHON={sys.executable}", cwd=tmp_path)
    password = (secrets / "neo4j_password").read_text().strip()
    assert len(password) == 48
    assert (secrets / "neo4j_auth").read_text().strip() == f"neo4j/{password}"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets.iterdir()} == {0o644}

    before = {file.name: file.read_text() for file in secrets.iterdir()}
    for missing in (None, "neo4j_password", "neo4j_auth"):
        if missing:
            (secrets / missing).unlink()
        command("make", "secrets", f"PYTHON={sys.executable}", cwd=tmp_path)
        assert {file.name: file.read_text() for file in secrets.iterdir()} == before


def test_the_compose_file_names_secrets_that_make_writes_and_sources_that_exist() -> None:
    compose: Any = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    targets = re.findall(r"^(secrets/\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert {secret["file"].removeprefix("./") for secret in compose["secrets"].values()} == set(targets)
    dockerfile = compose["services"]["oa-graph"]["build"]["dockerfile_inline"]
    sources = [source for line in re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE) for source in line.split()]
    assert "requirements.txt" in sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
