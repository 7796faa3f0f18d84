"""Work of each kind, for tests that go through all kinds of tasks."""

from __future__ import annotations

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.graph.session import Graph
from tests.builders import Planted, plant

WITH_PLACES = (
    TaskKind.ASSISTANT_REPLY,
    TaskKind.PROMPTER_REPLY,
    TaskKind.DECIDE_END,
    TaskKind.LABEL_INITIAL_PROMPT,
    TaskKind.LABEL_ASSISTANT_REPLY,
    TaskKind.RANK_ASSISTANT_REPLIES,
)
WITHOUT_PLACES = (TaskKind.INITIAL_PROMPT, TaskKind.RANK_INITIAL_PROMPTS)
KINDS = (*WITH_PLACES, *WITHOUT_PLACES)


async def plant_all(graph: Graph, limits: Limits) -> Planted:
    """Plant one place of each kind at least."""
    planted = [
        await plant(
            graph, {"What is rain?": {"?Water.": {}}}, {"What is mist?": {"Water as well.": {}}}, limits=limits
        ),
        await plant(graph, {"What is sun?": {}}, limits=limits),
        await plant(graph, {"What is dew?": {"=Water, too.": {}}}, limits=limits),
        await plant(graph, {"What is snow?": {"Ice.": {}, "Cold.": {}}}, state=TreeState.RANKING, limits=limits),
        await plant(graph, {"?What is sleet?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW, limits=limits),
        await plant(
            graph, {"What is hail?": {}}, {"What is fog?": {}}, state=TreeState.PROMPT_LOTTERY_WAITING, limits=limits
        ),
    ]
    return Planted({text: id for trees in planted for text, id in trees.ids.items()})
