"""Grows conversation trees from crowd work, on a graph database.

`Collection.open` opens a collection for programs, `connect` one for notebooks, which only reads. The other public names
are settings, errors and the values that go in and out. `oa_graph.datasets` has the options of imports and exports,
`oa_graph.policy` the decisions as plain functions.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oa_graph.analysis import connect
    from oa_graph.collection import Collection
    from oa_graph.domain.limits import Limits, Preset, SamplingPolicy
    from oa_graph.domain.posts import EmojiCode, EmojiOp, Post, Role, TextLabel, Thread
    from oa_graph.domain.scores import TimeFrame
    from oa_graph.domain.tasks import EndVoteAnswer, LabelAnswer, Lease, RankingAnswer, Task, TaskKind, TextAnswer
    from oa_graph.domain.trees import Tree, TreeState
    from oa_graph.domain.users import ApiClient, AuthMethod, User, UserIdentity
    from oa_graph.errors import OaGraphError
    from oa_graph.settings import Settings

__all__ = [
    "ApiClient",
    "AuthMethod",
    "Collection",
    "EmojiCode",
    "EmojiOp",
    "EndVoteAnswer",
    "LabelAnswer",
    "Lease",
    "Limits",
    "OaGraphError",
    "Post",
    "Preset",
    "RankingAnswer",
    "Role",
    "SamplingPolicy",
    "Settings",
    "Task",
    "TaskKind",
    "TextAnswer",
    "TextLabel",
    "Thread",
    "TimeFrame",
    "Tree",
    "TreeState",
    "User",
    "UserIdentity",
    "connect",
]

_MODULES = {
    "connect": "oa_graph.analysis",
    "Collection": "oa_graph.collection",
    "Limits": "oa_graph.domain.limits",
    "Preset": "oa_graph.domain.limits",
    "SamplingPolicy": "oa_graph.domain.limits",
    "EmojiCode": "oa_graph.domain.posts",
    "EmojiOp": "oa_graph.domain.posts",
    "Post": "oa_graph.domain.posts",
    "Role": "oa_graph.domain.posts",
    "TextLabel": "oa_graph.domain.posts",
    "Thread": "oa_graph.domain.posts",
    "TimeFrame": "oa_graph.domain.scores",
    "EndVoteAnswer": "oa_graph.domain.tasks",
    "LabelAnswer": "oa_graph.domain.tasks",
    "Lease": "oa_graph.domain.tasks",
    "RankingAnswer": "oa_graph.domain.tasks",
    "Task": "oa_graph.domain.tasks",
    "TaskKind": "oa_graph.domain.tasks",
    "TextAnswer": "oa_graph.domain.tasks",
    "Tree": "oa_graph.domain.trees",
    "TreeState": "oa_graph.domain.trees",
    "ApiClient": "oa_graph.domain.users",
    "AuthMethod": "oa_graph.domain.users",
    "User": "oa_graph.domain.users",
    "UserIdentity": "oa_graph.domain.users",
    "OaGraphError": "oa_graph.errors",
    "Settings": "oa_graph.settings",
}
"""Names are imported when they are first used: `import oa_graph.client` needs none of them, and no driver."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name in _MODULES:
            return getattr(import_module(_MODULES[name]), name)
        raise AttributeError(f"module {__name__} has no attribute {name}")
