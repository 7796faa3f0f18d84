"""The settings, grouped by topic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields

from pydantic.fields import FieldInfo

from oa_graph import Limits, settings
from oa_graph.domain.limits import PRESETS, limit_meanings

from .markdown import blocks, table

TOPICS = {
    "Neo4j server": r"NEO4J_",
    "Keys and access": r"OA_GRAPH_(API_KEY|ROOT_TOKENS|CORS|CLIENT_CACHE)",
    "Managed Neo4j": r"OA_GRAPH_(DATA|CACHE|AOT|HEAP|PAGE_CACHE|BOLT_PORT|HTTP_PORT)",
    "Connections and timeouts": r"OA_GRAPH_(POOL|STATEMENT|REQUEST)",
    "Logs": r"OA_GRAPH_(LOG|SLOW)",
    "Ad-hoc queries": r"OA_GRAPH_CYPHER",
    "Rate limits": r"OA_GRAPH_RATE_LIMIT",
    "Number of trees": r"OA_GRAPH_LIMITS__(MAX_ACTIVE|MAX_INITIAL|MAX_PROMPT_LOTTERY|INIT_PROMPT|.*BACKLOG|MIN_ACTIVE)",
    "Size of a tree": r"OA_GRAPH_LIMITS__(MAX_|NUM_PROMPTER|.*GOAL_TREE)(?!PENDING)",
    "Labels": r"OA_GRAPH_LIMITS__(MANDATORY_)?LABELS",
    "Reviews": r"OA_GRAPH_LIMITS__(NUM_REVIEWS|ACCEPTANCE|P_FULL)",
    "Sampling": r"OA_GRAPH_LIMITS__(SAMPLING|RANK_DECAY|.*LONELY|RECENT)",
    "Rankings": r"OA_GRAPH_LIMITS__(RANK|NUM_REQUIRED|NUM_PROMPT_RANKINGS|PROMPT)",
    "Tasks and leases": r"OA_GRAPH_LIMITS__(LEASE|TASK|MAX_PENDING)",
    "Texts": r"OA_GRAPH_LIMITS__(MESSAGE|DUPLICATE)",
    "Moderation": r"OA_GRAPH_LIMITS__(AUTO_MOD|ENFORCE|SHOW)",
    "Trials": r"OA_GRAPH_LIMITS__ALLOW",
}
"""Each topic with the beginning of the variables in it; the first topic that fits holds a variable."""
OTHER = "General"

DEFAULTS_BY_MACHINE = {
    "OA_GRAPH_DATA": "the user's data folder",
    "OA_GRAPH_CACHE": "the user's cache folder",
}


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable."""

    name: str
    default: str
    meaning: str

    @property
    def topic(self) -> str:
        """The topic under which the reference shows it."""
        return next((topic for topic, start in TOPICS.items() if re.match(start, self.name)), OTHER)


def variables() -> Iterator[Variable]:
    """All variables, in the order of the code."""
    for prefix, model in (("NEO4J_", settings.Neo4jSettings), ("OA_GRAPH_", settings.Settings)):
        for name, field in model.model_fields.items():
            if name != "limits":
                variable = prefix + name.upper()
                yield Variable(variable, _default(variable, field), field.description or "")
    meanings = limit_meanings()
    for name, value in asdict(Limits()).items():
        yield Variable(f"OA_GRAPH_LIMITS__{name.upper()}", shown(value), meanings.get(name, ""))


def _default(variable: str, field: FieldInfo) -> str:
    return shown(field.default) if field.default_factory is None else DEFAULTS_BY_MACHINE[variable]


def shown(value: object) -> str:
    """A default value; secrets are empty by default."""
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case tuple():
            return shown(", ".join(map(str, value)))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case _:
            text = "" if value is None else str(value)
            return f"`{text}`" if text.strip("*") else "empty"


def page() -> str:
    """A table for each topic."""
    known = [*variables()]
    topics = [topic for topic in (*TOPICS, OTHER) if any(variable.topic == topic for variable in known)]
    return blocks(*(_topic(topic, [variable for variable in known if variable.topic == topic]) for topic in topics))


def _topic(topic: str, known: list[Variable]) -> str:
    rows = [(f"`{variable.name}`", variable.default, _sentence(variable.meaning)) for variable in known]
    return blocks(f"## {topic}", table(["variable", "default", "meaning"], rows))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def presets() -> str:
    """The limits that each preset changes."""
    default = asdict(Limits())
    named = {str(preset): asdict(limits) for preset, limits in PRESETS.items() if asdict(limits) != default}
    changed = [
        field.name
        for field in fields(Limits)
        if any(value[field.name] != default[field.name] for value in named.values())
    ]
    rows = [(f"`{name}`", *(str(values[name]).lower() for values in (default, *named.values()))) for name in changed]
    return table(["limit", "default", *(f"`{preset}`" for preset in named)], rows)
