"""Every error: its sentence, and how HTTP shows it."""

from __future__ import annotations

import inspect

from oa_graph import OaGraphError, errors
from oa_graph.api.errors import ERROR_RESPONSES

from .markdown import blocks, table


def page() -> str:
    """A section for each branch of the hierarchy."""
    return blocks(
        *(_branch(branch) for branch in OaGraphError.__subclasses__() if branch.__module__ == errors.__name__)
    )


def _branch(branch: type[OaGraphError]) -> str:
    known = [error for error in vars(errors).values() if isinstance(error, type) and issubclass(error, branch)]
    rows = [_row(error) for error in known if error is not branch]
    columns = ["error", "message", "status", "`error_code`", "`Retry-After`"]
    return blocks(f"## {branch.__name__}", inspect.getdoc(branch) or "", table(columns, rows))


def _row(error: type[OaGraphError]) -> tuple[str, ...]:
    response = ERROR_RESPONSES.get(error)
    name = f"`{error.__name__}`"
    if response is None:
        return name, _plain(error.sentence), "", "", ""
    wait = "computed" if response.retry_after_field else str(response.retry_after or "")
    return name, _plain(response.public_message or error.sentence), str(response.status), str(response.code), wait


def _plain(sentence: str) -> str:
    """Placeholders in braces are set as code."""
    parts = sentence.split("`")
    parts[::2] = [part.replace("{", "`{").replace("}", "}`") for part in parts[::2]]
    return "`".join(parts)
