"""What stands beside an export: a manifest for machines, a card for people, and what a reader needs to know of columns.

`pairs.jsonl` gets `pairs.jsonl.manifest.json` and `pairs.jsonl.card.md`. The files of `pairs-{split}.jsonl` are one
dataset and share `pairs-splits.jsonl.manifest.json` and `pairs-splits.jsonl.card.md`.

Neither holds a time: the same graph gives the same bytes here too.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from oa_graph.datasets.counts import ExcludedTrees
from oa_graph.datasets.export_formats import Choices, ExportFormat
from oa_graph.datasets.filters import Filters
from oa_graph.datasets.pseudonyms import Pseudonymizer
from oa_graph.datasets.writers import Compression
from oa_graph.graph.datasets import DatasetTree
from oa_graph.plural import counted

VERSION = 2
"""Of the manifest and of the formats that it tells of."""

SPLIT = "{split}"
"""Stands in the name of a file for the name of a split."""

_NATIVE = ""
"""Among origins: grown here."""
_UNKNOWN = "unknown"
"""Among origins: imported, and nothing says from where."""


@dataclass(slots=True)
class FileTally:
    """Counts of one file."""

    trees: int = 0
    posts: int = 0
    synthetic_posts: int = 0
    records: int = 0
    by_lang: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    by_origin: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])

    def add(self, tree: DatasetTree, *, origin: str | None, records: int) -> None:
        """Count a tree with the posts that come along. `origin`: where it was imported from, if it was."""
        posts = len(tree.posts)
        native = [post for post in tree.posts if post.position is None]
        imported = [post for post in tree.posts if post.position is not None]
        self.trees += 1
        self.posts += posts
        self.records += records
        _group(self.by_lang, tree.posts[0].lang).update(trees=1, posts=posts, records=records)
        # A tree that came with a file has posts of people here once it went on growing.
        for source, group in ((_NATIVE, native), (origin or _UNKNOWN, imported)):
            if group:
                synthetic = sum(post.synthetic for post in group)
                self.synthetic_posts += synthetic
                trees = int(group[0] is tree.posts[0])
                _group(self.by_origin, source).update(trees=trees, posts=len(group), synthetic_posts=synthetic)


def _group(groups: dict[str, Counter[str]], key: str) -> Counter[str]:
    return groups.setdefault(key, Counter())


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that is whole. Without a name it was a stream."""

    name: str
    split: str
    bytes: int
    sha256: str
    tally: FileTally


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """The options and the exclusions of an export."""

    format: ExportFormat
    filters: Filters
    choices: Choices
    pseudonymizer: Pseudonymizer
    splits: Mapping[str, float]
    compression: Compression
    excluded: ExcludedTrees
    licence: str | None


def write(file: Path, info: DatasetInfo, files: Sequence[WrittenFile]) -> list[Path]:
    """Write manifest and card, and for ShareGPT a sample of `dataset_info.json`. Raise OSError."""
    name, stem = file.name.replace(SPLIT, "splits"), _stem(file.name.replace(SPLIT, ""))
    texts = {
        f"{name}.manifest.json": _json(_manifest(info, files)),
        f"{name}.card.md": _card(stem, info, files),
    }
    if info.format.name == "sharegpt":
        texts[f"{name}.dataset_info.json"] = _json(_dataset_info(stem, files))
    for name, text in texts.items():
        file.with_name(name).write_text(text, "utf-8")
    return [file.with_name(name) for name in texts]


def _stem(name: str) -> str:
    """Return the name of the dataset: the file name without its extensions and the separator of the split."""
    bare = re.sub(r"(\.(jsonl|json|ndjson|gz|zst|parquet))+$", "", name)
    return bare.strip("-_.") or "export"


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _manifest(info: DatasetInfo, files: Sequence[WrittenFile]) -> dict[str, object]:
    digest = info.pseudonymizer.digest
    return {
        "program": f"oa-graph {version('oa-graph')}",
        "manifest_version": VERSION,
        "format": info.format.name,
        "packing": info.compression.value,
        "columns": [column.name for column in info.format.visible_columns(info.choices)],
        "filters": info.filters.summary(),
        "choices": asdict(info.choices),
        "ids": "as in the graph" if digest is None else "anonymised",
        "user_ids": info.pseudonymizer.user_ids,
        "splits": dict(info.splits),
        "counts": _counts([file.tally for file in files]),
        "left_out": asdict(info.excluded),
        "files": [
            {
                "name": file.name,
                "split": file.split,
                "bytes": file.bytes,
                "sha256": file.sha256,
                **_counts([file.tally]),
            }
            for file in files
        ],
    }


def _counts(tallies: Sequence[FileTally]) -> dict[str, object]:
    return {
        "trees": sum(tally.trees for tally in tallies),
        "posts": sum(tally.posts for tally in tallies),
        "synthetic_posts": sum(tally.synthetic_posts for tally in tallies),
        "records": sum(tally.records for tally in tallies),
        "by_lang": _summed([tally.by_lang for tally in tallies]),
        "by_origin": _by_origin(tallies),
    }


def _by_origin(tallies: Sequence[FileTally]) -> dict[str, object]:
    imported = _summed([tally.by_origin for tally in tallies])
    native = imported.pop(_NATIVE, {"trees": 0, "posts": 0, "synthetic_posts": 0})
    return {"native": native, "imported": imported}


def _summed(groups: Sequence[Mapping[str, Counter[str]]]) -> dict[str, dict[str, int]]:
    """Return the sums of the counts for each key, sorted by key."""
    sums: dict[str, Counter[str]] = {}
    for group in groups:
        for key, counts in group.items():
            sums.setdefault(key, Counter()).update(counts)
    return {key: dict(counts) for key, counts in sorted(sums.items())}


def _dataset_info(stem: str, files: Sequence[WrittenFile]) -> dict[str, object]:
    """Return the entries for LLaMA-Factory's `data/dataset_info.json`."""
    return {
        f"{stem}_{file.split}": {
            "file_name": file.name,
            "formatting": "sharegpt",
            "columns": {"messages": "conversations"},
            "tags": {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt"},
        }
        for file in files
    }


_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def _card(stem: str, info: DatasetInfo, files: Sequence[WrittenFile]) -> str:
    tallies = [file.tally for file in files]
    langs = _summed([tally.by_lang for tally in tallies])
    filters = [
        f"* {name}: {_as_text(value)}" for name, value in info.filters.summary().items() if value not in (None, {})
    ]
    body = [
        f"# {stem}",
        "",
        f"{info.format.summary[0].upper()}{info.format.summary[1:]}. Read by: {info.format.reader}.",
        "",
        "## Counts",
        "",
        *_table(
            ("split", "trees", "posts", "records", "file"),
            [(file.split, file.tally.trees, file.tally.posts, file.tally.records, file.name) for file in files],
        ),
        *_table(
            ("language of the prompt", "trees", "posts", "records"),
            [(lang, counts["trees"], counts["posts"], counts["records"]) for lang, counts in langs.items()],
        ),
        *_excluded(info.excluded),
        *_columns(info),
        "## Origin",
        "",
        f"Conversation trees, exported by oa-graph {version('oa-graph')}. {_synthetic(tallies)}",
        "",
        *_table(
            ("origin", "trees", "posts", "written by a model"),
            [
                (_source(origin), counts["trees"], counts["posts"], counts["synthetic_posts"])
                for origin, counts in _summed([tally.by_origin for tally in tallies]).items()
            ],
        ),
        f"Ids {_ids(info.pseudonymizer)}; texts are as they were written and may name people.",
        "",
        *filters,
        "",
        "## Limits",
        "",
        "<!-- Say who wrote and judged this, for what it is fit, and for what it is not. -->",
        "",
    ]
    return "\n".join([*_front(info, files, langs), "", *body])


def _front(info: DatasetInfo, files: Sequence[WrittenFile], langs: Collection[str]) -> list[str]:
    """Return the metadata block of a card for the Hugging Face Hub."""
    records = sum(file.tally.records for file in files)
    return [
        "---",
        f"license: {json.dumps(info.licence or 'unknown')}",
        "language:" if langs else "language: []",
        *(f"- {json.dumps(lang)}" for lang in langs),
        "size_categories:",
        f"- {next((name for bound, name in _SIZES if records < bound), '1M<n<10M')}",
        "configs:",
        f"- config_name: {json.dumps(info.format.name)}",
        "  data_files:",
        *(f"  - {{split: {json.dumps(file.split)}, path: {json.dumps(file.name)}}}" for file in files),
        "---",
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return the lines of a table, followed by an empty line."""
    cells = [head, ["---"] * len(head), *rows]
    return [*(f"| {' | '.join(map(str, row))} |" for row in cells), ""]


def _columns(info: DatasetInfo) -> list[str]:
    columns = info.format.visible_columns(info.choices)
    rows = [(f"`{column.name}`", column.type, column.meaning) for column in columns]
    return ["## Columns", "", *_table(("column", "type", "meaning"), rows)] if rows else []


def _excluded(excluded: ExcludedTrees) -> list[str]:
    reasons = excluded.reasons()
    return [f"Left out: {'; '.join(reasons)}.", ""] if reasons else []


def _synthetic(tallies: Sequence[FileTally]) -> str:
    synthetic, posts = sum(tally.synthetic_posts for tally in tallies), sum(tally.posts for tally in tallies)
    share = f" ({synthetic / posts:.1%})" if posts else ""
    return f"Models wrote {synthetic:,} of {counted(posts, 'post')}{share}."


def _source(origin: str) -> str:
    if origin == _NATIVE:
        return "people of this installation"
    return "imported, origin unknown" if origin == _UNKNOWN else f"imported from {origin}"


def _ids(pseudonymizer: Pseudonymizer) -> str:
    if pseudonymizer.digest is None:
        return "are those of the graph" if pseudonymizer.user_ids else "of users are left out"
    users = "those of users too" if pseudonymizer.user_ids else "those of users are left out"
    return f"of posts and trees are pseudonyms, {users}"


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
