"""`oa-graph key`."""

from __future__ import annotations

from pathlib import Path

import click

from oa_graph import installation
from oa_graph.cli.console import chosen_settings, data_option


@click.command()
@data_option
def key(data: Path | None) -> None:
    """Print the trusted key of this installation."""
    click.echo(installation.installed_key(chosen_settings(data)).value)
