"""A page of links that open the queries of `cypher/explore/` in the Neo4j Browser, which keeps none of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from oa_graph.analysis.pages import page
from oa_graph.graph.asking import explorations
from oa_graph.graph.queries import Query, declared, source

BROWSER_ROWS = 1000
"""Rows that a link asks for, at most: the Neo4j Browser holds all that come, and hangs on some ten thousand."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class _Link:
    """One query on the page."""

    name: str
    what: str
    needs: str
    cost: str
    address: str
    parameters: tuple[_Parameter, ...]


def links(browser: str) -> str:
    """The page for the Neo4j Browser of the server at `browser`, such as `http://127.0.0.1:7474`.

    Raises PackageMissing without jinja2.
    """
    return page("links.html.j2", browser=browser, queries=list(_links(browser.rstrip("/"))), rows=BROWSER_ROWS)


def browser_of(uri: str) -> str:
    """Where a server has its Neo4j Browser, unless it is set up otherwise: on the usual port beside Bolt."""
    parts = urlsplit(uri)
    host = parts.hostname or "localhost"
    host = f"[{host}]" if ":" in host else host
    return f"https://{host}:7473" if "+s" in parts.scheme else f"http://{host}:7474"


def _links(browser: str) -> Iterator[_Link]:
    for query in explorations():
        yield _Link(
            name=query.short,
            what=query.what,
            needs=", ".join(query.needs),
            cost=query.cost,
            address=f"{browser}/browser/?cmd=edit&arg={quote(_limited(source(query)), safe='')}",
            parameters=tuple(_parameters(query)),
        )


def _limited(text: str) -> str:
    return f"{text.rstrip().removesuffix(';')}\nLIMIT {BROWSER_ROWS};\n"


def _parameters(query: Query) -> Iterator[_Parameter]:
    for name, line in query.inputs.items():
        yield _Parameter(name, *declared(line))
