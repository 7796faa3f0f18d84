"""`oa-graph llm`: a language model at work."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from oa_graph.cli.console import err

if TYPE_CHECKING:
    from oa_graph.client import TaskKind
    from oa_graph.llm import Totals

_KINDS = ("assistant_reply", "prompter_reply", "initial_prompt")


@click.group()
def llm() -> None:
    """Let a language model write."""


@llm.command()
@click.option(
    "--url", default="http://127.0.0.1:8080", show_default=True, help="Address of the service that gives the tasks."
)
@click.option(
    "--api-key",
    required=True,
    envvar="OA_GRAPH_API_KEY",
    help="API key of a client that writes as a model [OA_GRAPH_API_KEY].",
)
@click.option("--base-url", required=True, help="Address of the chat endpoint, such as http://127.0.0.1:8000/v1.")
@click.option("--model", required=True, help="Name of the model at the endpoint.")
@click.option(
    "--model-api-key",
    default="none",
    envvar="OPENAI_API_KEY",
    help="API key of the endpoint, if it wants one [OPENAI_API_KEY].",
)
@click.option(
    "--kinds",
    multiple=True,
    default=("assistant_reply",),
    show_default=True,
    type=click.Choice(_KINDS),
    help="Kind of task to ask for, repeatable; the first that has a task is taken.",
)
@click.option("--lang", "langs", multiple=True, default=("en",), show_default=True, help="Language, repeatable.")
@click.option("--system", help="System prompt.")
@click.option("--system-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="System prompt.")
@click.option("--temperature", type=click.FloatRange(min=0), help="Temperature.  [default: the endpoint's]")
@click.option("--max-tokens", type=click.IntRange(min=1), help="Maximum length of a text.  [default: the endpoint's]")
@click.option("--retries", type=click.IntRange(min=0), default=2, show_default=True, help="Retries of a request.")
@click.option("--timeout", default=120.0, show_default=True, help="Seconds within which the endpoint has to answer.")
@click.option("--budget-tasks", type=click.IntRange(min=1), help="Stop after so many texts.")
@click.option("--budget-tokens", type=click.IntRange(min=1), help="Stop after so many tokens.")
@click.option("--concurrency", type=click.IntRange(min=1), default=1, show_default=True, help="Texts at a time.")
@click.option("--idle", default=60.0, show_default=True, help="Stop after so many seconds without a task.")
def run(
    url: str,
    api_key: str,
    base_url: str,
    model: str,
    model_api_key: str,
    kinds: tuple[str, ...],
    langs: tuple[str, ...],
    system: str | None,
    system_file: Path | None,
    temperature: float | None,
    max_tokens: int | None,
    retries: int,
    timeout: float,
    budget_tasks: int | None,
    budget_tokens: int | None,
    concurrency: int,
    idle: float,
) -> None:
    """Answer tasks with the texts of a model, behind any chat endpoint that speaks OpenAI's API.

    Ends at the budget, or when there was nothing to do for a while. A task that the model fails to answer is skipped.
    """
    from oa_graph.llm import Budget, Chat, ChatOptions
    from oa_graph.llm import run as run_model

    if system is not None and system_file is not None:
        raise click.UsageError("--system and --system-file exclude each other")
    options = ChatOptions(
        model=model,
        system=system_file.read_text("utf-8").strip() if system_file else system,
        temperature=temperature,
        max_tokens=max_tokens,
        retries=retries,
        timeout=timeout,
    )

    async def work(show: _Display) -> Totals:
        async with Chat(base_url, model_api_key, options) as chat:
            return await run_model(
                url,
                api_key,
                chat,
                name=model,
                kinds=cast("tuple[TaskKind, ...]", kinds),
                langs=langs,
                concurrency=concurrency,
                budget=Budget(budget_tasks, budget_tokens),
                idle=idle,
                on_progress=show,
            )

    with _progress() as progress:
        totals = asyncio.run(work(_Display(progress, model, budget_tasks)))
    err.print(f"{totals.written} texts, {totals.tokens} tokens, {totals.failed} failed, {totals.refused} refused")


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[tokens]} tokens"),
        TimeElapsedColumn(),
        console=err,
        disable=not err.is_terminal,
    )


class _Display:
    """Shows the totals of a run."""

    def __init__(self, progress: Progress, model: str, texts: int | None) -> None:
        self._progress = progress
        self._bar = progress.add_task(f"{model} writes", total=texts, tokens=0)

    def __call__(self, totals: Totals) -> None:
        self._progress.update(self._bar, completed=totals.written, tokens=totals.tokens)
