"""Parameters as people type them and as Python gives them, against what a header declares."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy
import pandas
import pytest

from oa_graph.analysis.parameters import from_texts, from_values, from_words
from oa_graph.errors import NoSuchParameter, WrongParameter
from oa_graph.graph.statements import catalogue, declared, declared_inputs, source

INPUTS = {
    "lang": "STRING  null for all",
    "limit": "INTEGER null for 100",
    "share": "FLOAT",
    "deep": "BOOLEAN",
    "day": "DATE",
    "since": "ZONED DATETIME  of the root",
    "langs": "LIST<STRING>",
    "depths": "LIST<INTEGER>",
    "more": "MAP",
}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "texts", "value"),
    [
        ("lang", ["en"], "en"),
        ("lang", ["5"], "5"),
        ("lang", [""], ""),
        ("lang", ["a=b"], "a=b"),
        ("limit", ["5"], 5),
        ("limit", ["-9223372036854775808"], -(2**63)),
        ("share", ["0.5"], 0.5),
        ("share", ["1"], 1.0),
        ("deep", ["true"], True),
        ("deep", ["False"], False),
        ("day", ["2026-03-01"], date(2026, 3, 1)),
        ("since", ["2026-03-01T12:00:00Z"], NOON),
        ("since", ["2026-03-01T12:00:00"], NOON),
        ("since", ["2026-03-01T14:00:00+02:00"], NOON),
        ("since", ["2026-03-01"], NOON.replace(hour=0)),
        ("langs", ["en", "de"], ["en", "de"]),
        ("langs", ['["en", "de"]'], ["en", "de"]),
        ("langs", ["[en"], ["[en"]),
        ("langs", ["[]"], []),
        ("langs", ["5"], ["5"]),
        ("langs", ['["en", null, 5]'], ["en", None, "5"]),
        ("depths", ["[1, 2]", "3"], [1, 2, 3]),
        ("more", ['{"a": [1]}'], {"a": [1]}),
    ],
)
def test_a_text_becomes_a_value_of_the_declared_type(name: str, texts: list[str], value: object) -> None:
    values = from_texts("explore/skips", INPUTS, [(name, text) for text in texts])
    assert values == {name: value}
    assert type(values[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "texts", "message"),
    [
        ("limit", ["ten"], "The parameter limit is INTEGER, which 'ten' is not."),
        ("limit", ["1_0"], "The parameter limit is INTEGER, which '1_0' is not."),
        ("limit", ["9223372036854775808"], "The parameter limit is INTEGER, which '9223372036854775808' is not."),
        ("limit", ["1", "2"], "The parameter limit is INTEGER, which '1' and '2' is not."),
        ("share", ["half"], "The parameter share is FLOAT, which 'half' is not."),
        ("deep", ["1"], "The parameter deep is BOOLEAN, which '1' is not; true or false."),
        ("day", ["today"], "The parameter day is DATE, which 'today' is not; as 2026-03-01."),
        ("since", ["noon"], "The parameter since is ZONED DATETIME, which 'noon' is not; as 2026-03-01T12:00:00Z."),
        ("depths", ["[1, 0.5]"], "The parameter depths is INTEGER, which '0.5' is not."),
        ("share", ["1_0"], "The parameter share is FLOAT, which '1_0' is not."),
        ("more", ['{"a": 9223372036854775808}'], None),
        ("more", ["[1]"], "The parameter more is MAP, which '[1]' is not; a JSON object."),
    ],
)
def test_a_wrong_text_is_refused_by_name_type_and_value(name: str, texts: list[str], message: str | None) -> None:
    with pytest.raises(WrongParameter) as caught:
        from_texts("explore/skips", INPUTS, [(name, text) for text in texts])
    assert str(caught.value) == message or message is None


def test_an_unknown_parameter_is_refused_with_those_that_are_known() -> None:
    message = "explore/skips has no parameter language; its parameters are lang, limit."
    known = {"lang": "STRING", "limit": "INTEGER"}
    with pytest.raises(NoSuchParameter) as caught:
        from_texts("explore/skips", known, [("language", "en")])
    assert str(caught.value) == message
    with pytest.raises(NoSuchParameter):
        from_values("explore/skips", known, {"language": "en"})


def test_parameters_that_nobody_declared_are_json_where_they_parse() -> None:
    texts = [("a", "5"), ("b", "en"), ("c", '["x"]'), ("d", "null"), ("e", '"5"'), ("f", "true"), ("g", "[1")]
    assert from_words(texts) == {"a": 5, "b": "en", "c": ["x"], "d": None, "e": "5", "f": True, "g": "[1"}
    with pytest.raises(WrongParameter, match="one value"):
        from_words([("a", "1"), ("a", "2")])
    with pytest.raises(WrongParameter, match="9223372036854775808"):
        from_words([("a", "[9223372036854775808]")])


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        ("lang", None, None),
        ("limit", numpy.int64(5), 5),
        ("share", 1, 1),
        ("share", numpy.float32(0.5), 0.5),
        ("deep", numpy.bool_(True), True),
        ("since", NOON.replace(tzinfo=None), NOON),
        ("since", NOON.astimezone(timezone(timedelta(hours=2))), NOON),
        ("since", pandas.Timestamp("2026-03-01T12:00:00Z"), NOON),
        ("langs", ("en", "de"), ["en", "de"]),
        ("langs", pandas.Series(["en"]), ["en"]),
        ("depths", numpy.array([1, 2]), [1, 2]),
        ("more", {"a": 1}, {"a": 1}),
    ],
)
def test_a_value_of_python_is_taken_where_it_fits(name: str, argument: object, value: object) -> None:
    assert from_values("explore/skips", INPUTS, {name: argument}) == {name: value}


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("lang", 5),
        ("limit", True),
        ("limit", 0.5),
        ("limit", 2**63),
        ("limit", numpy.array([1, 2])),
        ("share", "0.5"),
        ("deep", 1),
        ("day", NOON),
        ("since", date(2026, 3, 1)),
        ("langs", "en"),
        ("langs", ["en", 5]),
        ("more", [1]),
    ],
)
def test_a_value_of_python_that_does_not_fit_is_refused(name: str, argument: object) -> None:
    with pytest.raises(WrongParameter, match=f"The parameter {name} is "):
        from_values("explore/skips", INPUTS, {name: argument})


def test_every_parameter_and_column_of_a_query_has_a_type() -> None:
    lines = [line for query in catalogue().values() for line in (*query.inputs.values(), *query.outputs.values())]
    assert [line for line in lines if declared(line)[0] == ""] == []
    assert declared("ZONED DATETIME  of the root") == ("ZONED DATETIME", "of the root")
    assert declared("LIST<STRING>") == ("LIST<STRING>", "")


def test_a_file_of_the_catalogue_declares_what_the_query_does() -> None:
    query = catalogue()["explore/skips"]
    assert declared_inputs(source(query)) == query.inputs
    assert declared_inputs("MATCH (post:Post) // in passing\nRETURN post") == {}
