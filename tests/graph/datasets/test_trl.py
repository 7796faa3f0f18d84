"""What the trainers of TRL read of the formats that are made for them, and nothing that they read as something else.

`READ` is written down from the source of TRL 1.16: the columns that each trainer looks for by name, before and after it
makes tokens of them. Where TRL is installed, what it declares itself is held against that.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import pytest

from oa_graph.datasets import EXPORT_FORMATS, Export, Filters, PostStatus, export
from oa_graph.graph.session import Graph
from tests.graph.datasets.files import Json, bring, parsed, reply, tree
from tests.graph.datasets.test_export_formats import rank

pytestmark = pytest.mark.anyio

_OF_ALL = {"tools", "chat_template_kwargs", "image", "images"}

READ: Mapping[str, set[str]] = {
    "sft": _OF_ALL
    | {"messages", "conversations", "prompt", "completion", "text"}
    | {"input_ids", "labels", "seq_lengths", "completion_mask", "assistant_masks"},
    "dpo": _OF_ALL
    | {"prompt", "chosen", "rejected"}
    | {"prompt_ids", "chosen_ids", "rejected_ids", "ref_chosen_logps", "ref_rejected_logps"},
    "reward": _OF_ALL
    | {"prompt", "chosen", "rejected", "margin"}
    | {"chosen_ids", "rejected_ids", "chosen_input_ids", "rejected_input_ids"},
    "kto": _OF_ALL
    | {"prompt", "completion", "label", "chosen", "rejected"}
    | {"prompt_ids", "completion_ids", "KL_completion_ids", "ref_logps", "ref_KL_logps"},
    "grpo": _OF_ALL | {"prompt", "completion", "completion_ids", "environment"},
    "rloo": _OF_ALL | {"prompt", "completion", "completion_ids", "environment"},
}
"""By the trainer's module, `trl/trainer/<name>_trainer.py`."""

MEANT: Mapping[str, set[str]] = {
    "sft": {"messages"},
    "prompt-completion": {"prompt", "completion"},
    "preference": {"prompt", "chosen", "rejected"},
    "kto": {"prompt", "completion", "label"},
    "prompts": {"prompt"},
    "ranked": {"prompt"},
    "sharegpt": {"conversations"},
}
"""The columns of each format that TRL is to read. Trees and messages are as Open-Assistant publishes them."""


def test_every_format_that_is_no_copy_of_the_original_is_held_to_the_columns_of_trl() -> None:
    assert MEANT.keys() == EXPORT_FORMATS.keys() - {"trees", "messages"}


@pytest.mark.parametrize("trainer", READ)
@pytest.mark.parametrize("form", MEANT)
def test_a_trainer_reads_no_column_as_something_else(form: str, trainer: str) -> None:
    columns = {column.name for column in EXPORT_FORMATS[form].columns}
    assert columns & READ[trainer] <= MEANT[form]


async def records(graph: Graph, form: str) -> list[Json]:
    to = BytesIO()
    await export(graph, to, Export(format=form, filters=Filters(states=None, rejected=PostStatus.INCLUDE)))
    return parsed(to.getvalue())


@pytest.mark.parametrize("form", MEANT)
async def test_a_record_has_the_declared_columns_and_no_null_of_which_readers_could_not_tell_the_type(
    graph: Graph, form: str
) -> None:
    replies = [reply("t", "t1", "A.", rank=0), reply("t", "t2", "B.", rank=1), reply("t", "t3", review_result=False)]
    await bring(graph, tree("i", *(reply("i", f"i{n}", f"{n}", rank=n) for n in range(3))), tree("t", *replies))
    await rank(graph, "t", ("t1", "t2"))
    exported = await records(graph, form)
    assert {record["tree_id"] for record in exported} == {"i", "t"}
    assert {tuple(record) for record in exported} == {tuple(column.name for column in EXPORT_FORMATS[form].columns)}
    assert [record for record in exported if None in record.values()] == []


def declared(source: str) -> Iterator[str]:
    """The columns that a trainer keeps of a dataset; it drops all others."""
    for columns in re.findall(r"_signature_columns = (\[[^\]]*\])", source):
        yield from ast.literal_eval(columns)


@pytest.mark.parametrize("trainer", READ)
def test_trl_itself_reads_what_is_written_down_here(trainer: str) -> None:
    trl = find_spec("trl")
    if trl is None or trl.origin is None:
        pytest.skip("TRL is not installed")
    source = (Path(trl.origin).parent / "trainer" / f"{trainer}_trainer.py").read_text("utf-8")
    columns = set(declared(source))
    assert columns
    assert columns <= READ[trainer]
