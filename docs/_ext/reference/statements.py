"""Every statement of `cypher/`, a page for each folder, and the graph model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

from oa_graph.graph.statements import Statement, catalogue, parts, schema_files, source

from .markdown import blocks, fence, table


def topics() -> list[str]:
    """The folders of `cypher/`."""
    return sorted({name.partition("/")[0] for name in catalogue()} | {"schema"})


def page(topic: str) -> str:
    """The statements of one folder: an overview, then each as its file stands."""
    if topic == "schema":
        return blocks(*_schema())
    known = [statement for name, statement in sorted(catalogue().items()) if name.startswith(f"{topic}/")]
    if not known:
        raise LookupError(f"cypher/ has no folder {topic}")
    rows = [(f"[`{one.name}`](#{_anchor(one.name)})", one.description, one.mode) for one in known]
    samples = _samples()
    return blocks(
        table(["statement", "result", "mode"], rows), *(_section(one, samples.get(one.name, "")) for one in known)
    )


def _section(statement: Statement, sample: str) -> str:
    return blocks(f"## {statement.name}", sample, fence("cypher", source(statement)))


def _schema() -> Iterator[str]:
    for step in schema_files():
        yield blocks(
            f"## {step.name}",
            fence("cypher", (files("oa_graph") / "cypher" / f"{step.name}.cypher").read_text("utf-8")),
        )


def shared_parts() -> str:
    """The parts that statements share."""
    return blocks(*(blocks(f"## {name}", fence("cypher", part.text)) for name, part in sorted(parts().items())))


def _anchor(name: str) -> str:
    """The anchor of a heading, as Markdown makes it."""
    return name.lower().replace("/", "")


def _readme() -> str:
    return (files("oa_graph") / "cypher" / "README.md").read_text("utf-8")


def _samples() -> dict[str, str]:
    """A sample of the rows of each saved query, as `cypher/README.md` shows it."""
    section = _readme().partition("<!-- samples -->")[2].partition("<!-- /samples -->")[0]
    parts = re.split(r"^\*\*\[`(explore/\w+)`\].*$", section, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def graph_model() -> str:
    """Nodes and edges, as `cypher/README.md` describes them."""
    text = _readme()
    return blocks(*(_adapted(_part(text, title)) for title in ("In one picture", "Nodes", "Edges")))


def _part(text: str, title: str) -> str:
    section = re.search(rf"^## {title}\n.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if section is None:
        raise LookupError(f"cypher/README.md has no section {title!r}")
    return section[0]


def _adapted(text: str) -> str:
    """Types such as `LIST<STRING>` are no HTML."""
    return re.sub(r"<(?=[A-Z])", "&lt;", text)
