"""`oa-graph openapi`: the OpenAPI document of the HTTP API."""

from __future__ import annotations

import json
from typing import TextIO

import click

from oa_graph.cli.console import chosen_settings


@click.command()
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
def openapi(file: TextIO) -> None:
    """Write the OpenAPI document of the API (-: standard output). Needs no database."""
    from oa_graph.api.app import create_app  # here, because the other commands start faster without it
    from oa_graph.api.document import document

    json.dump(document(create_app(chosen_settings(None))), file, ensure_ascii=False, indent=2)
    file.write("\n")
