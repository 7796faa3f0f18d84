"""Datasets: trees as records to learn from, streamed line by line."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from litestar import Router, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import QueryParameter
from litestar.response import Stream

from oa_graph.api.cypher import NDJSON
from oa_graph.api.document import KEYED, error_responses
from oa_graph.api.keys import requires_key, requires_trusted
from oa_graph.api.query_params import NO, BooleanParam, boolean_param
from oa_graph.api.request import ApiRequest
from oa_graph.datasets import EXPORT_FORMATS, Compression, Export, Filters, PostStatus, Pseudonymizer, with_first
from oa_graph.domain.trees import TreeState
from oa_graph.language import is_tag


class DatasetFormat(StrEnum):
    """The format of a record."""

    TREES = "trees"
    MESSAGES = "messages"
    SFT = "sft"
    PROMPT_COMPLETION = "prompt-completion"
    PREFERENCE = "preference"
    KTO = "kto"
    PROMPTS = "prompts"
    RANKED = "ranked"
    SHAREGPT = "sharegpt"


assert {*DatasetFormat} == {*EXPORT_FORMATS}, "each format can be asked for"

_LINE = """\
{"prompt": [{"role": "user", "content": "Why does bread rise?"}], "completion": [{"role": "assistant", "content": "…"}]}
"""


@get(
    "/export",
    return_dto=None,
    media_type=NDJSON,
    summary="Export trees as a dataset",
    operation_id="export_dataset",
    responses={
        **error_responses(),
        200: ResponseSpec(
            str, media_type=NDJSON, generate_examples=False, description="Lines.", examples=[Example(value=_LINE)]
        ),
    },
)
async def export(
    request: ApiRequest,
    format: Annotated[DatasetFormat, QueryParameter(description="the format of a record")] = DatasetFormat.TREES,
    tree_state: Annotated[list[TreeState] | None, QueryParameter(description="only trees in these states")] = None,
    lang: Annotated[str | None, QueryParameter(description="only trees with this language tag")] = None,
    deleted: Annotated[PostStatus, QueryParameter(description="deleted messages")] = PostStatus.EXCLUDE,
    spam: Annotated[
        PostStatus, QueryParameter(description="messages that reviews rejected or have not decided on")
    ] = PostStatus.EXCLUDE,
    synthetic: Annotated[PostStatus, QueryParameter(description="messages by models")] = PostStatus.INCLUDE,
    user_ids: Annotated[BooleanParam, boolean_param("With the ids of authors.", default=False)] = NO,
    max_count: Annotated[int | None, QueryParameter(ge=1, description="how many trees at most")] = None,
) -> Stream:
    """A record in each line, as `oa-graph export` writes them; by default of trees that are ready for export.

    The answer begins while trees are still read. One that breaks off is not whole.
    """
    if lang and not is_tag(lang):  # no tree has it
        return Stream(iter(()), media_type=NDJSON)
    options = Export(
        format=format.value,
        filters=Filters(
            states=frozenset(tree_state) if tree_state else frozenset({TreeState.READY_FOR_EXPORT}),
            langs=frozenset({lang}) if lang else None,
            deleted=deleted,
            rejected=spam,
            synthetic=synthetic,
            limit=max_count,
        ),
        pseudonymizer=Pseudonymizer(user_ids=bool(user_ids)),
        compression=Compression.PLAIN,
        manifest=False,
    )
    chunks = request.collection.datasets.stream(options)
    return Stream(with_first(await anext(chunks, b""), chunks), media_type=NDJSON)


router = Router(
    "/datasets",
    route_handlers=[export],
    guards=[requires_key, requires_trusted],
    security=KEYED,
    tags=["admin"],
)
