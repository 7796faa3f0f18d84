"""What stands beside an export: a manifest for machines, a card for people, and what a reader needs to know of columns.

Neither holds a time: the same graph gives the same bytes here too.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from oa_graph.exchange.anonymous import Disguise
from oa_graph.exchange.filters import Filters
from oa_graph.exchange.forms import Choices, Form
from oa_graph.exchange.sinks import Packing

VERSION = 1
"""Of the manifest and of the formats that it tells of."""


@dataclass(slots=True)
class Tally:
    """What went into one file."""

    trees: int = 0
    posts: int = 0
    records: int = 0
    by_lang: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])

    def add(self, lang: str, *, posts: int, records: int) -> None:
        self.trees += 1
        self.posts += posts
        self.records += records
        counts = self.by_lang.setdefault(lang, Counter())
        counts["trees"] += 1
        counts["posts"] += posts
        counts["records"] += records


@dataclass(frozen=True, slots=True)
class Written:
    """A file that is whole. Without a name it was a stream."""

    name: str
    split: str
    bytes: int
    sha256: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class About:
    """What was asked for."""

    form: Form
    filters: Filters
    choices: Choices
    disguise: Disguise
    splits: Mapping[str, float]
    packing: Packing


def write(file: Path, about: About, files: Sequence[Written], *, licence: str | None) -> list[Path]:
    """Writes manifest and card, and for ShareGPT a sample of `dataset_info.json`. Raises OSError."""
    stem = _stem(file.name)
    texts = {
        f"{stem}.manifest.json": _json(_manifest(about, files)),
        f"{stem}.card.md": _card(stem, about, files, licence),
    }
    if about.form.name == "sharegpt":
        texts[f"{stem}.dataset_info.json"] = _json(_dataset_info(stem, files))
    for name, text in texts.items():
        file.with_name(name).write_text(text, "utf-8")
    return [file.with_name(name) for name in texts]


def _stem(name: str) -> str:
    """The name without its endings, and without what separated the split from the rest."""
    bare = re.sub(r"(\.(jsonl|json|ndjson|gz|zst|parquet))+$", "", name)
    return bare.strip("-_.") or "export"


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _manifest(about: About, files: Sequence[Written]) -> dict[str, object]:
    digest = about.disguise.digest
    return {
        "program": f"oa-graph {version('oa-graph')}",
        "manifest_version": VERSION,
        "format": about.form.name,
        "packing": about.packing.value,
        "columns": [each.name for each in about.form.shown(about.choices)],
        "filters": about.filters.told(),
        "choices": asdict(about.choices),
        "ids": "as in the graph" if digest is None else "anonymised",
        "user_ids": about.disguise.user_ids,
        "splits": dict(about.splits),
        "counts": _counts([each.tally for each in files]),
        "files": [
            {
                "name": each.name,
                "split": each.split,
                "bytes": each.bytes,
                "sha256": each.sha256,
                **_counts([each.tally]),
            }
            for each in files
        ],
    }


def _counts(tallies: Sequence[Tally]) -> dict[str, object]:
    return {
        "trees": sum(each.trees for each in tallies),
        "posts": sum(each.posts for each in tallies),
        "records": sum(each.records for each in tallies),
        "by_lang": _by_lang(tallies),
    }


def _by_lang(tallies: Sequence[Tally]) -> dict[str, dict[str, int]]:
    """The counts of each language, by its tag."""
    langs: dict[str, Counter[str]] = {}
    for tally in tallies:
        for lang, counts in tally.by_lang.items():
            langs.setdefault(lang, Counter()).update(counts)
    return {lang: dict(counts) for lang, counts in sorted(langs.items())}


def _dataset_info(stem: str, files: Sequence[Written]) -> dict[str, object]:
    """For LLaMA-Factory: its `data/dataset_info.json` takes these entries."""
    return {
        f"{stem}_{each.split}": {
            "file_name": each.name,
            "formatting": "sharegpt",
            "columns": {"messages": "conversations"},
            "tags": {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt"},
        }
        for each in files
    }


_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def _card(stem: str, about: About, files: Sequence[Written], licence: str | None) -> str:
    records = sum(each.tally.records for each in files)
    langs = _by_lang([each.tally for each in files])
    size = next((name for bound, name in _SIZES if records < bound), "1M<n<10M")
    front = [
        "---",
        f"license: {json.dumps(licence or 'unknown')}",
        "language:" if langs else "language: []",
        *(f"- {json.dumps(lang)}" for lang in langs),
        "size_categories:",
        f"- {size}",
        "configs:",
        f"- config_name: {json.dumps(about.form.name)}",
        "  data_files:",
        *(f"  - {{split: {json.dumps(each.split)}, path: {json.dumps(each.name)}}}" for each in files),
        "---",
    ]
    columns = [f"| `{each.name}` | {each.type} | {each.meaning} |" for each in about.form.shown(about.choices)]
    splits = [f"| {f.split} | {f.tally.trees} | {f.tally.posts} | {f.tally.records} | {f.name} |" for f in files]
    filters = [f"* {name}: {_said(value)}" for name, value in about.filters.told().items() if value not in (None, {})]
    who = "of users are left out" if not about.disguise.user_ids else "are those of the graph"
    if about.disguise.digest is not None:
        who = "of posts and trees are pseudonyms, those of users too" if about.disguise.user_ids else (
            "of posts and trees are pseudonyms, those of users are left out"
        )  # fmt: skip
    body = [
        f"# {stem}",
        "",
        f"{about.form.gist[0].upper()}{about.form.gist[1:]}. Read by: {about.form.reader}.",
        "",
        "## How many",
        "",
        "| split | trees | posts | records | file |",
        "|---|---|---|---|---|",
        *splits,
        "",
        "| language of the prompt | trees | posts | records |",
        "|---|---|---|---|",
        *(f"| {lang} | {c['trees']} | {c['posts']} | {c['records']} |" for lang, c in langs.items()),
        "",
        *(["## Columns", "", "| column | type | meaning |", "|---|---|---|", *columns, ""] if columns else []),
        "## Where it comes from",
        "",
        f"Conversation trees that people grew together, exported by oa-graph {version('oa-graph')}.",
        f"Ids {who}; texts are as they were written and may name people.",
        "",
        *filters,
        "",
        "## Limits",
        "",
        "<!-- Say who wrote and judged this, for what it is fit, and for what it is not. -->",
        "",
    ]
    return "\n".join([*front, "", *body])


def _said(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
