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

from oa_graph.exchange.anonymous import Disguise
from oa_graph.exchange.counts import LeftOut
from oa_graph.exchange.filters import Filters
from oa_graph.exchange.forms import Choices, Form
from oa_graph.exchange.sinks import Packing
from oa_graph.graph.exchange import FiledTree
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
class Tally:
    """What went into one file."""

    trees: int = 0
    posts: int = 0
    synthetic_posts: int = 0
    records: int = 0
    by_lang: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    by_origin: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])

    def add(self, tree: FiledTree, *, origin: str | None, records: int) -> None:
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
    left_out: LeftOut
    licence: str | None


def write(file: Path, about: About, files: Sequence[Written]) -> list[Path]:
    """Write manifest and card, and for ShareGPT a sample of `dataset_info.json`. Raise OSError."""
    name, stem = file.name.replace(SPLIT, "splits"), _stem(file.name.replace(SPLIT, ""))
    texts = {
        f"{name}.manifest.json": _json(_manifest(about, files)),
        f"{name}.card.md": _card(stem, about, files),
    }
    if about.form.name == "sharegpt":
        texts[f"{name}.dataset_info.json"] = _json(_dataset_info(stem, files))
    for name, text in texts.items():
        file.with_name(name).write_text(text, "utf-8")
    return [file.with_name(name) for name in texts]


def _stem(name: str) -> str:
    """The name of the dataset: that of the file without its endings, and without what separated the split."""
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
        "left_out": asdict(about.left_out),
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
        "synthetic_posts": sum(each.synthetic_posts for each in tallies),
        "records": sum(each.records for each in tallies),
        "by_lang": _summed([each.by_lang for each in tallies]),
        "by_origin": _by_origin(tallies),
    }


def _by_origin(tallies: Sequence[Tally]) -> dict[str, object]:
    imported = _summed([each.by_origin for each in tallies])
    native = imported.pop(_NATIVE, {"trees": 0, "posts": 0, "synthetic_posts": 0})
    return {"native": native, "imported": imported}


def _summed(groups: Sequence[Mapping[str, Counter[str]]]) -> dict[str, dict[str, int]]:
    """The counts under each key, summed, in the order of the keys."""
    sums: dict[str, Counter[str]] = {}
    for group in groups:
        for key, counts in group.items():
            sums.setdefault(key, Counter()).update(counts)
    return {key: dict(counts) for key, counts in sorted(sums.items())}


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


def _card(stem: str, about: About, files: Sequence[Written]) -> str:
    tallies = [each.tally for each in files]
    langs = _summed([each.by_lang for each in tallies])
    filters = [f"* {name}: {_said(value)}" for name, value in about.filters.told().items() if value not in (None, {})]
    body = [
        f"# {stem}",
        "",
        f"{about.form.gist[0].upper()}{about.form.gist[1:]}. Read by: {about.form.reader}.",
        "",
        "## Counts",
        "",
        *_table(
            ("split", "trees", "posts", "records", "file"),
            [(each.split, each.tally.trees, each.tally.posts, each.tally.records, each.name) for each in files],
        ),
        *_table(
            ("language of the prompt", "trees", "posts", "records"),
            [(lang, counts["trees"], counts["posts"], counts["records"]) for lang, counts in langs.items()],
        ),
        *_left_out(about.left_out),
        *_columns(about),
        "## Origin",
        "",
        f"Conversation trees, exported by oa-graph {version('oa-graph')}. {_synthetic(tallies)}",
        "",
        *_table(
            ("origin", "trees", "posts", "written by a model"),
            [
                (_source(origin), counts["trees"], counts["posts"], counts["synthetic_posts"])
                for origin, counts in _summed([each.by_origin for each in tallies]).items()
            ],
        ),
        f"Ids {_ids(about.disguise)}; texts are as they were written and may name people.",
        "",
        *filters,
        "",
        "## Limits",
        "",
        "<!-- Say who wrote and judged this, for what it is fit, and for what it is not. -->",
        "",
    ]
    return "\n".join([*_front(about, files, langs), "", *body])


def _front(about: About, files: Sequence[Written], langs: Collection[str]) -> list[str]:
    """What the Hugging Face Hub reads of a card."""
    records = sum(each.tally.records for each in files)
    return [
        "---",
        f"license: {json.dumps(about.licence or 'unknown')}",
        "language:" if langs else "language: []",
        *(f"- {json.dumps(lang)}" for lang in langs),
        "size_categories:",
        f"- {next((name for bound, name in _SIZES if records < bound), '1M<n<10M')}",
        "configs:",
        f"- config_name: {json.dumps(about.form.name)}",
        "  data_files:",
        *(f"  - {{split: {json.dumps(each.split)}, path: {json.dumps(each.name)}}}" for each in files),
        "---",
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """The lines of a table, and an empty line behind it."""
    cells = [head, ["---"] * len(head), *rows]
    return [*(f"| {' | '.join(map(str, row))} |" for row in cells), ""]


def _columns(about: About) -> list[str]:
    columns = about.form.shown(about.choices)
    rows = [(f"`{each.name}`", each.type, each.meaning) for each in columns]
    return ["## Columns", "", *_table(("column", "type", "meaning"), rows)] if rows else []


def _left_out(left_out: LeftOut) -> list[str]:
    reasons = left_out.reasons()
    return [f"Left out: {'; '.join(reasons)}.", ""] if reasons else []


def _synthetic(tallies: Sequence[Tally]) -> str:
    synthetic, posts = sum(each.synthetic_posts for each in tallies), sum(each.posts for each in tallies)
    share = f" ({synthetic / posts:.1%})" if posts else ""
    return f"Models wrote {synthetic:,} of {counted(posts, 'post')}{share}."


def _source(origin: str) -> str:
    if origin == _NATIVE:
        return "people of this installation"
    return "imported, origin unknown" if origin == _UNKNOWN else f"imported from {origin}"


def _ids(disguise: Disguise) -> str:
    if disguise.digest is None:
        return "are those of the graph" if disguise.user_ids else "of users are left out"
    users = "those of users too" if disguise.user_ids else "those of users are left out"
    return f"of posts and trees are pseudonyms, {users}"


def _said(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
