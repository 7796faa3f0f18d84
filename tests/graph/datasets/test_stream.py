"""An export as a stream: the same bytes as the file, while it is made."""

from __future__ import annotations

from io import BytesIO

import pytest

from oa_graph.datasets import Compression, Export, ExportResult, Filters
from oa_graph.datasets.export import export
from oa_graph.datasets.stream import stream
from oa_graph.errors import CannotExport
from oa_graph.graph.session import Graph
from tests.graph.datasets.files import FULL, bring, reply, tree

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("compression", [Compression.PLAIN, Compression.GZIP, Compression.PARQUET])
async def test_a_stream_has_the_bytes_of_the_file(graph: Graph, compression: Compression) -> None:
    await bring(graph, FULL, *(tree(f"r{number}", reply(f"r{number}", f"a{number}")) for number in range(50)))
    options = Export(format="messages", compression=compression, manifest=False)
    results: list[ExportResult] = []
    streamed = b"".join([chunk async for chunk in stream(graph, options, on_result=results.append)])
    file = BytesIO()
    written = await export(graph, file, options)
    assert streamed == file.getvalue()
    assert [result.records for result in results] == [written.records]


async def test_an_empty_stream_tells_why(graph: Graph) -> None:
    results: list[ExportResult] = []
    assert [chunk async for chunk in stream(graph, Export(), on_result=results.append)] == []
    assert results[0].warnings == ["nothing was exported: the graph has no trees"]


async def test_what_cannot_be_exported_is_said_before_the_first_byte(graph: Graph) -> None:
    with pytest.raises(CannotExport):
        await anext(stream(graph, Export(filters=Filters(langs=frozenset({"no language"})))))
