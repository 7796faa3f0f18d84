"""A page of links that open every statement of `cypher/` in the Neo4j Browser, which keeps none of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from oa_graph.analysis.pages import page
from oa_graph.graph.saved_queries import saved_queries, service_statements
from oa_graph.graph.statements import Statement, declared, source

BROWSER_ROWS = 1000
"""Rows that a link asks for, at most: the Neo4j Browser holds all that come, and hangs on some ten thousand."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class _Link:
    """One statement on the page."""

    name: str
    summary: str
    facts: str
    address: str
    parameters: tuple[_Parameter, ...]


def links(browser: str) -> str:
    """Return the page for the Neo4j Browser of the server at `browser`, such as `http://127.0.0.1:7474`.

    Raise PackageMissing without jinja2.
    """
    address = browser.rstrip("/")
    return page(
        "links.html.j2",
        browser=browser,
        queries=[_query_link(query, address) for query in saved_queries()],
        statements=[_statement_link(statement, address) for statement in service_statements()],
        rows=BROWSER_ROWS,
    )


def post_address(browser: str, id: str) -> str:
    """Return the address that opens a post and what is around it in the Neo4j Browser at `browser`."""
    name = id.replace("\\", "\\\\").replace("'", "\\'")
    return _address(browser.rstrip("/"), f"MATCH (post:Post {{id: '{name}'}})-[edge]-(other)\nRETURN post, edge, other")


def browser_of(uri: str) -> str:
    """Return the default address of a server's Neo4j Browser: the usual port beside Bolt."""
    parts = urlsplit(uri)
    host = parts.hostname or "localhost"
    host = f"[{host}]" if ":" in host else host
    return f"https://{host}:7473" if "+s" in parts.scheme else f"http://{host}:7474"


def _query_link(query: Statement, browser: str) -> _Link:
    return _Link(
        name=query.short,
        summary=query.description,
        facts=f"Needs {', '.join(query.needs)}. Cost: {query.cost}",
        address=_address(browser, _limited(source(query))),
        parameters=tuple(_parameters(query)),
    )


def _statement_link(statement: Statement, browser: str) -> _Link:
    return _Link(
        name=statement.name,
        summary=statement.description,
        facts=f"{'Writes' if statement.mode == 'write' else 'Reads'}. Cost: {statement.cost}",
        address=_address(browser, source(statement)),
        parameters=tuple(_parameters(statement)),
    )


def _address(browser: str, text: str) -> str:
    return f"{browser}/browser/?cmd=edit&arg={quote(text, safe='')}"


def _limited(text: str) -> str:
    return f"{text.rstrip().removesuffix(';')}\nLIMIT {BROWSER_ROWS};\n"


def _parameters(query: Statement) -> Iterator[_Parameter]:
    for name, line in query.inputs.items():
        yield _Parameter(name, *declared(line))
