"""Trees as files have them, and the means to send them through the graph."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from oa_graph.datasets import ImportCounts, export_trees, import_trees
from oa_graph.datasets.identity import canonical_id
from oa_graph.domain.limits import Limits
from oa_graph.domain.trees import TreeState
from oa_graph.graph.session import Graph
from tests.paths import ROOT

Json = dict[str, Any]

REAL = ROOT.parent / "shared" / "data" / "oasst_en_100_trees.jsonl"

FULL: Json = {
    "message_tree_id": "root-1",
    "tree_state": "ready_for_export",
    "prompt": {
        "message_id": "root-1",
        "user_id": "8e95461f-5e94-4d8b-a2fb-d4717ce973e4",
        "created_date": "2023-02-05T14:23:50.983374+00:00",
        "text": 'ما هو المطر؟ 🌧️\n\tA second line, "quoted" \\ \u2028 and a tail ',
        "role": "prompter",
        "lang": "ar",
        "review_count": 3,
        "review_result": True,
        "deleted": False,
        "synthetic": False,
        "emojis": {"_skip_reply": 1, "+1": 3, "red_flag": 1},
        "replies": [
            {
                "message_id": "best",
                "parent_id": "root-1",
                "user_id": "c0ffee" * 10 + "abcd",
                "created_date": "2023-02-06T00:00:00+00:00",
                "text": " Rain is water.\n",
                "role": "assistant",
                "lang": "pt-BR",
                "review_count": 4,
                "review_result": True,
                "deleted": False,
                "rank": 0,
                "synthetic": True,
                "model_name": "oasst-sft-0_3000,max_new_tokens=400",
                "ended": True,
                "emojis": {},
                "replies": [
                    {
                        "message_id": "thanks",
                        "parent_id": "best",
                        "text": "Thanks! שלום",
                        "role": "prompter",
                        "lang": "en",
                        "review_count": 0,
                        "deleted": False,
                        "synthetic": False,
                        "replies": [],
                    }
                ],
                "labels": {
                    "spam": {"value": 0.0, "count": 3},
                    "quality": {"value": 0.4166666666666667, "count": 3},
                    "helpfulness": {"count": 2},
                },
                "events": {"emoji": [{"type": "emoji", "user_id": "u", "emoji": "+1"}]},
                "detoxify": {"toxicity": 0.00022214034106582403, "sexual_explicit": 1.5e-05},
                "something_new": {"deep": [1, None, "x"]},
            },
            {
                "message_id": "rejected",
                "parent_id": "root-1",
                "created_date": "2023-02-05T16:00:00Z",
                "text": "Buy now",
                "role": "assistant",
                "lang": "en",
                "review_count": 3,
                "review_result": False,
                "deleted": False,
                "rank": 1,
                "synthetic": False,
                "replies": [],
                "labels": {},
            },
            {
                "message_id": "z-unranked-but-first",
                "parent_id": "root-1",
                "created_date": "2023-02-05T16:23:50.5+02:00",
                "text": "Later, and above",
                "role": "assistant",
                "lang": "en",
                "review_count": 3,
                "review_result": True,
                "deleted": False,
                "synthetic": False,
                "emojis": {"+1": 0, "-1": 2},
                "replies": [],
            },
            {
                "message_id": "a-deleted",
                "parent_id": "root-1",
                "created_date": "2023-02-05T14:00:00.000001+00:00",
                "text": "",
                "role": "assistant",
                "lang": "en",
                "review_count": 3,
                "review_result": True,
                "deleted": True,
                "synthetic": False,
                "replies": [],
            },
            {"message_id": "bare", "text": "Says nothing of itself", "role": "assistant"},
        ],
    },
    "origin": "somewhere else",
    "set": 2,
}
"""Every field there is, and every way in which one may be absent."""


def message(id: str, text: str = "A text.", role: str = "prompter", **fields: Any) -> Json:
    required = {"message_id": id, "text": text, "role": role, "lang": "en", "review_count": 3, "review_result": True}
    return {**required, "deleted": False, "synthetic": False, "replies": [], **fields}


def reply(parent: str, id: str, text: str = "A reply.", role: str = "assistant", **fields: Any) -> Json:
    return message(id, text, role, parent_id=parent, **fields)


def tree(id: str, *replies: Json, state: str | None = "ready_for_export", **fields: Any) -> Json:
    outer = {"message_tree_id": id, "tree_state": state, "prompt": message(id, replies=list(replies), **fields)}
    return {name: value for name, value in outer.items() if value is not None}


def lines(*trees: Json) -> bytes:
    return b"".join(json.dumps(tree_line).encode() + b"\n" for tree_line in trees)


def stored(id: str, origin: str = "stream") -> str:
    """The id that the graph has for an id that `bring` reads."""
    return canonical_id(id, origin)


async def bring(
    graph: Graph, *trees: Json, limits: Limits | None = None, state: TreeState | None = None
) -> ImportCounts:
    return await import_trees(graph, BytesIO(lines(*trees)), limits=limits or Limits(), state=state)


async def taken(graph: Graph, *, everything: bool = False, **options: Any) -> bytes:
    """What an export gives; with `everything` one that leaves nothing out."""
    to = BytesIO()
    all_of_it: Json = {"states": None, "include_deleted": True, "include_rejected": True}
    await export_trees(graph, to, **((all_of_it if everything else {}) | options))
    return to.getvalue()


def parsed(content: bytes) -> list[Json]:
    return [json.loads(line) for line in content.splitlines()]
