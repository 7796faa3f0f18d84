"""Answers as Arrow and as files: which type is what, and that nothing is lost or bent on the way."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import zstandard

from oa_graph.analysis import arrow
from oa_graph.analysis.arrow import ArrowBuilder, Row, declared_types, type_of
from oa_graph.analysis.tables import TableFormat, table_format_of, table_writer
from oa_graph.errors import CannotExport, PackageMissing
from oa_graph.graph.statements import catalogue

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
BIG = 2**53 + 1
EVIL = 'a,"b"\n\u2028 ما 🌧️ \\ \t'
MIXED: list[Any] = [1, "a", None, True, {"x": NOON}, [1.5]]


pyarrow = arrow.pyarrow()


def read_table(file: Path) -> Any:
    return arrow.parquet().read_table(file)


def gathered(*batches: Sequence[Row], columns: Sequence[str] = ("x",), known: Any = None) -> Any:
    gathering = ArrowBuilder(columns, known or {})
    for batch in batches:
        gathering.add(batch)
    return gathering.table()


def column(*batches: Sequence[Any]) -> Any:
    return gathered(*([(value,) for value in batch] for batch in batches))["x"]


def written(to: Path, *batches: Sequence[Row], columns: Sequence[str] = ("x",), known: Any = None) -> None:
    form = table_format_of(to)
    assert form is not None
    with table_writer(to, form, columns, known or {}) as writer:
        for batch in batches:
            writer.write(batch)


# Arrow


OF_ONE_KIND: list[tuple[list[Any], str]] = [
    ([1, None, BIG], "int64"),
    ([1, 0.5], "double"),
    ([None, "a"], "string"),
    ([True, None], "bool"),
    ([b"a"], "binary"),
    ([date(2026, 3, 1)], "date32[day]"),
    ([NOON, NOON.astimezone(timezone(timedelta(hours=2)))], "timestamp[us, tz=UTC]"),
    ([NOON.replace(tzinfo=None)], "timestamp[us]"),
    ([time(12)], "time64[us]"),
    ([[1], [], None, [None]], "list<item: int64>"),
    ([{"a": 1}, {"b": "x"}, {}], "struct<a: int64, b: string>"),
    ([[{"a": [0.5]}, {"a": [1]}]], "list<item: struct<a: list<item: double>>>"),
    ([None, None], "null"),
    ([[]], "list<item: null>"),
]


@pytest.mark.parametrize(("values", "type"), OF_ONE_KIND)
def test_values_of_one_kind_have_its_type(values: list[Any], type: str) -> None:
    assert str(type_of(values)) == type
    assert str(column(values).type) == type


@pytest.mark.parametrize(
    "values",
    [
        MIXED,
        [True, 1],
        [0.5, True],
        [[1], ["a"]],
        [{"a": 1}, {"a": "x"}],
        [NOON, NOON.replace(tzinfo=None)],
        [date(2026, 3, 1), NOON],
        ["a", b"b"],
        [time(12, tzinfo=UTC)],
        [BIG, 0.5],
    ],
)
def test_values_of_several_kinds_become_json(values: list[Any]) -> None:
    array = column(values)
    assert str(array.type) == "string"
    assert [None if text is None else json.loads(text) for text in array.to_pylist()] == [
        None if value is None else json.loads(json.dumps(value, default=_plain)) for value in values
    ]


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return "Yg=="
    return value.isoformat().replace("+00:00", "Z")


def test_null_stays_null_and_nothing_loses_digits() -> None:
    assert column([BIG, None, -BIG]).to_pylist() == [BIG, None, -BIG]
    assert column([NOON, None]).to_pylist() == [NOON, None]
    assert column([{"a": 1}, None, {"b": None}]).to_pylist() == [{"a": 1, "b": None}, None, {"a": None, "b": None}]


def test_batches_agree_on_a_type() -> None:
    assert column([None], [1], [0.5]).to_pylist() == [None, 1.0, 0.5]
    assert column([[]], [["a"]]).to_pylist() == [[], ["a"]]
    assert column([{"a": 1}], [{"b": NOON}]).to_pylist() == [{"a": 1, "b": None}, {"a": None, "b": NOON}]
    mixed = column([1, None], ["a"], [2])
    assert mixed.to_pylist() == ["1", None, '"a"', "2"]
    assert column(["a"], MIXED, ["b"]).to_pylist()[0] == '"a"'
    assert column([BIG], [0.5]).to_pylist() == [str(BIG), "0.5"]


def test_an_empty_answer_has_its_columns() -> None:
    query = catalogue()["explore/tree_states"]
    table = gathered(columns=[*query.outputs], known=declared_types(query))
    assert [str(field.type) for field in table.schema] == [
        *("string", "string", "int64", "timestamp[us, tz=UTC]", "timestamp[us, tz=UTC]")
    ]
    assert table.num_rows == 0
    assert str(gathered().schema.field("x").type) == "null"


def test_a_declared_type_holds_unless_the_data_say_otherwise() -> None:
    known = {"x": pyarrow.float64()}
    assert gathered([(1,), (None,)], known=known)["x"].to_pylist() == [1.0, None]
    assert str(gathered([(None,)], known=known)["x"].type) == "double"
    assert str(gathered([("a",)], known=known)["x"].type) == "string"


def test_without_pyarrow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(PackageMissing, match=r"pip install -e '\.\[parquet\]'"):
        written(tmp_path / "x.parquet", [(1,)])
    assert [*tmp_path.iterdir()] == []


# Files

COLUMNS = ("number", "text", "nothing", "when", "day", "list", "map", "true")
ROWS: list[Row] = [
    (BIG, EVIL, None, NOON, date(2026, 3, 1), [1, None], {"a": {"b": EVIL}}, True),
    (None, "", None, None, None, [], {"c": 0.5}, False),
]


@pytest.mark.parametrize("name", ["x.jsonl", "x.ndjson", "x.jsonl.gz", "x.jsonl.zst"])
def test_lines_of_json_hold_the_rows_as_they_are(tmp_path: Path, name: str) -> None:
    written(tmp_path / name, ROWS[:1], ROWS[1:], columns=COLUMNS)
    first, second = (json.loads(line) for line in unpacked(tmp_path / name).split("\n") if line)
    assert tuple(first) == COLUMNS
    assert first == dict(zip(COLUMNS, ROWS[0], strict=True)) | {"when": "2026-03-01T12:00:00.123456Z"} | {
        "day": "2026-03-01"
    }
    assert second["number"] is None
    assert [path.name for path in tmp_path.iterdir()] == [name]


def unpacked(file: Path) -> str:
    content = file.read_bytes()
    if file.suffix == ".gz":
        content = gzip.decompress(content)
    if file.suffix == ".zst":
        content = zstandard.ZstdDecompressor().decompressobj().decompress(content)
    return content.decode()


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.csv.zst"])
def test_csv_has_a_header_and_nested_values_as_json(tmp_path: Path, name: str) -> None:
    written(tmp_path / name, ROWS[:1], ROWS[1:], columns=COLUMNS)
    header, first, second = csv.reader(io.StringIO(unpacked(tmp_path / name), newline=""))
    assert tuple(header) == COLUMNS
    when = "2026-03-01T12:00:00.123456Z"
    assert first[:5] == [str(BIG), EVIL, "", when, "2026-03-01"]
    assert [json.loads(line) for line in first[5:]] == [[1, None], {"a": {"b": EVIL}}, True]
    assert second == ["", "", "", "", "", "[]", '{"c":0.5}', "false"]


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.parquet"])
def test_an_empty_answer_is_a_whole_file(tmp_path: Path, name: str) -> None:
    written(tmp_path / name, columns=("a", "b"), known={"a": pyarrow.int64()})
    if name == "x.parquet":
        table = read_table(tmp_path / name)
        assert [(field.name, str(field.type)) for field in table.schema] == [("a", "int64"), ("b", "string")]
    else:
        assert (tmp_path / name).read_text() == ("a,b\n" if name == "x.csv" else "")


def test_parquet_holds_the_rows_with_their_types(tmp_path: Path) -> None:
    written(tmp_path / "x.parquet", ROWS[:1], ROWS[:1], columns=COLUMNS)
    table = read_table(tmp_path / "x.parquet")
    assert [tuple(row.values()) for row in table.to_pylist()] == ROWS[:1] * 2
    assert str(table.schema.field("when").type) == "timestamp[us, tz=UTC]"
    assert str(table.schema.field("nothing").type) == "string"


def test_in_parquet_what_has_no_type_is_text(tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    first: list[Row] = [(None, 1, {}, []), (None, "b", None, None)]
    later: list[Row] = [("a", NOON, {"x": 1}, ["c"]), ([1], None, None, None)]
    written(file, first, later, columns=("late", "mixed", "map", "list"))
    assert [tuple(row.values()) for row in read_table(file).to_pylist()] == [
        (None, "1", "{}", []),
        (None, '"b"', None, None),
        ("a", '"2026-03-01T12:00:00.123456Z"', '{"x":1}', ["c"]),
        ("[1]", None, None, None),
    ]


@pytest.mark.parametrize(
    ("first", "later"),
    [(1, ["a"]), (1, [0.5]), ({"a": 1}, [{"b": 1}]), (0.5, [BIG]), ([], [[1]]), (True, [1]), (1, MIXED)],
)
def test_parquet_refuses_what_does_not_fit_the_first_batch(tmp_path: Path, first: Any, later: list[Any]) -> None:
    file = tmp_path / "x.parquet"
    file.write_text("what was there before")
    with pytest.raises(CannotExport, match=r"the column x began as .* and goes on as"):
        written(file, [(first,)], [(value,) for value in later])
    assert file.read_text() == "what was there before"
    assert [*tmp_path.iterdir()] == [file]


def test_a_declared_type_decides_before_the_first_batch_does(tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    written(file, [(None,)], [(1,)], [(0.5,)], known={"x": pyarrow.float64()})
    assert read_table(file)["x"].to_pylist() == [None, 1.0, 0.5]


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.jsonl", TableFormat.JSONL),
        ("a.b.csv.zst", TableFormat.CSV),
        ("a.parquet", TableFormat.PARQUET),
        ("a.json", None),
        ("a", None),
        ("-", None),
        ("a.gz", None),
    ],
)
def test_the_name_of_a_file_says_its_form(name: str, form: TableFormat | None) -> None:
    assert table_format_of(Path(name)) == form


def test_parquet_is_not_packed_again(tmp_path: Path) -> None:
    with pytest.raises(CannotExport, match="packs itself"):
        written(tmp_path / "x.parquet.gz", [(1,)])
