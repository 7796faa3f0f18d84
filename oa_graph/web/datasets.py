"""Exports to download, and imports that show their progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Stream
from markupsafe import escape

from oa_graph import datasets
from oa_graph.datasets import (
    EXPORT_FORMATS,
    Choices,
    Compression,
    Defaults,
    Destination,
    Export,
    ExportResult,
    Filters,
    ImportCounts,
    ImportFormat,
    ImportOptions,
    PostStatus,
    Pseudonymizer,
    Reject,
    with_first,
)
from oa_graph.domain.trees import TreeState
from oa_graph.errors import CannotExport, InvalidFile, NotNow, OaGraphError
from oa_graph.web import texts
from oa_graph.web.explanations import explanation
from oa_graph.web.overview import STATE_WORDS
from oa_graph.web.render import HEADERS, page, render
from oa_graph.web.request import PageRequest
from oa_graph.web.texts import N_

_MAX_UPLOAD = 256 << 20
"""Bytes of a file that comes through the page; the command takes any."""
_PROGRESS_SEC = 1.0
"""Seconds between two messages of how far an import is."""
_MAX_REJECTS = 20
"""Rejected lines that are shown."""
_NAME_LENGTH = 200

FORMAT_WORDS: Mapping[str, str] = {
    "trees": N_("Whole trees, as Open-Assistant publishes them; they can be imported again."),
    "messages": N_("Single messages, as Open-Assistant publishes them; they can be imported again."),
    "sft": N_("Conversations that end with the assistant, for supervised fine-tuning."),
    "prompt-completion": N_("The same, with the last message apart."),
    "preference": N_("Pairs of a better and a worse reply, for DPO and reward models."),
    "kto": N_("Single replies, each wanted or not, for KTO."),
    "prompts": N_("Conversations that wait for the assistant, for online methods."),
    "ranked": N_("All ranked replies to a conversation, best first."),
    "sharegpt": N_("Conversations from human and gpt, for LLaMA-Factory and Axolotl."),
}

COMPRESSIONS: Mapping[Compression, tuple[str, str, str]] = {
    Compression.GZIP: ("JSON Lines, gzip", ".jsonl.gz", "application/gzip"),
    Compression.PLAIN: ("JSON Lines", ".jsonl", "application/x-ndjson"),
    Compression.ZSTD: ("JSON Lines, zstd", ".jsonl.zst", "application/zstd"),
    Compression.PARQUET: ("Parquet", ".parquet", "application/vnd.apache.parquet"),
}
"""What each is called, how a file name ends, and its media type."""

DESTINATION_WORDS: Mapping[Destination, str] = {
    Destination.FINISHED: N_("Finished: nobody is asked for anything"),
    Destination.BACKLOG: N_("To be ranked when other trees are done"),
    Destination.GROWING: N_("To be grown at once"),
    Destination.LOTTERY: N_("To be grown when their turn has come"),
    Destination.REVIEW: N_("As new prompts, to be reviewed first"),
}

assert {*FORMAT_WORDS} == {*EXPORT_FORMATS}, "each format has its words"
assert {*DESTINATION_WORDS} == {*Destination}, "each destination has its words"


@get("/datasets")
async def datasets_page(request: PageRequest) -> Response[Any]:
    """Show the forms of exports and imports."""
    return await _page(request)


async def _page(request: PageRequest, *, problem: str = "", nothing: str = "") -> Response[Any]:
    counts = await request.collection.statistics.counts()
    return page(
        request,
        "datasets.html",
        status=422 if problem else 200,
        format_words=FORMAT_WORDS,
        compression_choices=[(compression.value, words) for compression, (words, _, _) in COMPRESSIONS.items()],
        work_languages=sorted(texts.WORK_LANGUAGES, key=lambda tag: texts.own_name(tag).casefold()),
        states=STATE_WORDS,
        langs=sorted(counts.active_by_lang),
        destination_words=DESTINATION_WORDS,
        import_formats=[*ImportFormat],
        upload_mib=_MAX_UPLOAD >> 20,
        problem=problem,
        nothing=nothing,
    )


# Exports


@post("/datasets/export")
async def export(request: PageRequest) -> Response[Any] | Stream:
    """Stream a dataset."""
    options = await _export_options(request)
    results: list[ExportResult] = []
    chunks = request.collection.datasets.stream(options, on_result=results.append)
    try:
        first = await anext(chunks, b"")
    except CannotExport as error:
        return await _page(request, problem=str(error))
    if results and not results[0].records:
        await chunks.aclose()
        return await _page(request, nothing=" ".join(results[0].warnings))
    _, ending, media_type = COMPRESSIONS[options.compression or Compression.PLAIN]
    name = f"{options.format}-{datetime.now(UTC):%Y-%m-%d}{ending}"
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return Stream(with_first(first, chunks), media_type=media_type, headers=headers)


async def _export_options(request: PageRequest) -> Export:
    """Return the chosen options. A value that the form does not offer counts as not chosen."""
    name, compression = await request.field("format"), await request.field("compression")
    states = frozenset(TreeState(state) for state in await request.fields("state") if state in {*TreeState})
    langs = frozenset(await request.fields("lang"))
    limit, margin = await request.field("limit"), await request.field("min_margin")
    threads = "best" if await request.field("threads") == "best" else "all"
    pairs = "adjacent" if await request.field("pairs") == "adjacent" else "all"
    return Export(
        format=name if name in EXPORT_FORMATS else "trees",
        filters=Filters(
            states=states or None,
            langs=langs or None,
            deleted=await _status(request, "deleted", PostStatus.EXCLUDE),
            rejected=await _status(request, "spam", PostStatus.EXCLUDE),
            synthetic=await _status(request, "synthetic", PostStatus.INCLUDE),
            prompts_only=bool(await request.field("prompts_only")),
            limit=int(limit) if limit.isdecimal() else None,
        ),
        choices=Choices(
            threads=threads,
            pairs=pairs,
            min_margin=max(1, int(margin)) if margin.isdecimal() else None,
        ),
        pseudonymizer=Pseudonymizer(user_ids=bool(await request.field("user_ids"))),
        compression=Compression(compression) if compression in {*Compression} else Compression.GZIP,
        manifest=False,
    )


async def _status(request: PageRequest, name: str, usual: PostStatus) -> PostStatus:
    value = await request.field(name)
    return PostStatus(value) if value in {*PostStatus} else usual


# Imports


@post("/datasets/import", request_max_body_size=_MAX_UPLOAD)
async def import_file(request: PageRequest) -> Response[Any] | Stream:
    """Import a file. The response is a page that grows while the import runs."""
    upload = (await request.form()).get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return await _page(request, problem=request.gettext(N_("Please choose a file.")))
    options = await _import_options(request, Path(upload.filename).name[:_NAME_LENGTH])
    file = Path(await asyncio.to_thread(_saved_upload, upload))
    is_check = bool(await request.field("dry_run"))
    return Stream(
        _progress_page(request, file, options, is_check=is_check),
        media_type="text/html; charset=utf-8",
        headers=HEADERS,
    )


def _saved_upload(upload: UploadFile) -> str:
    """Copy an uploaded file, which is deleted with its request; return the path of the copy."""
    with NamedTemporaryFile(prefix="oa-graph-import-", delete=False) as file:
        upload.file.seek(0)
        while chunk := upload.file.read(1 << 20):
            file.write(chunk)
        return file.name


async def _import_options(request: PageRequest, name: str) -> ImportOptions:
    format, into, lang = await request.field("as"), await request.field("into"), await request.field("lang")
    writer = await request.field("writer")
    return ImportOptions(
        format=ImportFormat(format) if format in {*ImportFormat} else None,
        into=Destination(into) if into in {*Destination} else None,
        defaults=Defaults(
            lang=lang if lang in texts.WORK_LANGUAGES else "en",
            synthetic={"model": True, "person": False}.get(writer),
            origin=name,
        ),
    )


async def _progress_page(
    request: PageRequest, file: Path, options: ImportOptions, *, is_check: bool
) -> AsyncGenerator[bytes]:
    """Yield the page of an import: its head, the progress each second, and the result."""
    head, _, foot = render(request, "import.html", name=options.defaults.origin, is_check=is_check).partition(
        _PROGRESS_MARK
    )
    yield head.encode()
    done, rejects = [0], list[Reject]()

    def on_progress(posts: int) -> None:
        done[0] = posts

    if is_check:
        work = asyncio.create_task(
            asyncio.to_thread(
                datasets.check_file, file, options=options, on_reject=rejects.append, on_progress=on_progress
            )
        )
    else:
        work = asyncio.create_task(
            request.collection.datasets.import_file(file, options, on_reject=rejects.append, on_progress=on_progress)
        )
    try:
        shown = 0
        while not (await asyncio.wait({work}, timeout=_PROGRESS_SEC))[0]:
            if done[0] != shown:
                shown = done[0]
                words = request.gettext(N_("%(count)s messages …"), count=f"{shown:,}")
                yield f"<p>{escape(words)}</p>".encode()
        yield _outcome(request, work, rejects, is_check=is_check).encode()
        yield foot.encode()
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await asyncio.to_thread(file.unlink, missing_ok=True)


_PROGRESS_MARK = "<!-- progress -->"


def _outcome(request: PageRequest, work: asyncio.Task[ImportCounts], rejects: list[Reject], *, is_check: bool) -> str:
    try:
        counts, problem = work.result(), ""
    except (InvalidFile, OSError) as error:
        counts, problem = None, str(error)
    except NotNow as error:
        counts, problem = None, explanation(request, error)
    except OaGraphError as error:
        counts, problem = None, str(error)
    return render(
        request,
        "import_outcome.html",
        counts=counts,
        problem=problem,
        rejects=rejects[:_MAX_REJECTS],
        rejected=len(rejects),
        is_check=is_check,
    )
