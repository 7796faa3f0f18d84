"""Every command of `oa-graph` with its arguments and options."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from oa_graph.cli import main

from .markdown import blocks, fence, table


def page() -> str:
    """A section for each command."""
    return blocks(*_sections(main, click.Context(main, info_name="oa-graph")))


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    yield _section(command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if (child := command.get_command(context, name)) is not None and not child.hidden:
                yield from _sections(child, click.Context(child, info_name=name, parent=context))


def _section(command: click.Command, context: click.Context) -> str:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    help_text = inspect.cleandoc(command.help or "").partition("\f")[0].replace("\b\n", "")
    rows = [(f"`{names}`", text) for names, text in _records(command, context)]
    return blocks(f"## {context.command_path}", fence("text", usage), help_text, table(["option", "meaning"], rows))


def _records(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    for parameter in command.params:
        if (record := parameter.get_help_record(context)) is not None:
            yield record[0], record[1].replace("<", "&lt;").replace("*", r"\*")
