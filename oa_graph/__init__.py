"""Grows conversation trees from crowd work, on a graph database.

The public names are the values that the program speaks of. `oa_graph.policy` holds its decisions as plain functions,
`oa_graph.protocol` the life of a task, `oa_graph.exchange` import and export.
"""

from oa_graph.errors import OaGraphError
from oa_graph.model import (
    Client,
    Consensus,
    LabelAnswer,
    Limits,
    Person,
    Post,
    RankingAnswer,
    Rating,
    Role,
    Sampling,
    Task,
    TaskKind,
    TaskRequest,
    TextAnswer,
    TextLabel,
    Thread,
    Tree,
    TreeFacts,
    TreeState,
    User,
)

__all__ = [
    "Client",
    "Consensus",
    "LabelAnswer",
    "Limits",
    "OaGraphError",
    "Person",
    "Post",
    "RankingAnswer",
    "Rating",
    "Role",
    "Sampling",
    "Task",
    "TaskKind",
    "TaskRequest",
    "TextAnswer",
    "TextLabel",
    "Thread",
    "Tree",
    "TreeFacts",
    "TreeState",
    "User",
]
