"""Examples and descriptions for the OpenAPI document, by the name of a field or parameter.

A shape's example is put together from those of its fields: what the field itself gives, else what stands here, else
the simplest value that its schema takes. So a new shape has an example, and one field says the same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

Json = dict[str, Any]

_ADA, _ADAS_OTHER, _PROMPT, _REPLY, _TASK = (
    "0c4b9c1e-6b8f-4a7f-9a43-3f3e2d1c0b0a",
    "5e0d7a61-2c3b-4f8e-a1d9-7b6c5d4e3f20",
    "b1d9a0de-40a1-4f53-bb37-5b7c9d8a7e01",
    "d7c1f0a2-0b4e-4a39-8c55-92a1e6f3b204",
    "6a0c3e52-9f0e-4d0b-8a55-0d8f0c6f1b11",
)

_GUIDELINE = "9f6b3c1d-5a2e-4d7b-8e90-2c4f6a8b0d13"

_TOO_LARGE = HTTPStatus(413).phrase

_FIELDS: Mapping[str, Any] = {
    "API_V1_STR": "/api/v1",
    "PROJECT_NAME": "oa_graph",
    "active_by_lang": {"en": 4210, "de": 377},
    "api_client_id": "1f0e2d3c-4b5a-4978-8695-a4b3c2d1e0f9",
    "auth_method": "local",
    "client_id": "1f0e2d3c-4b5a-4978-8695-a4b3c2d1e0f9",
    "capabilities": ["rank_initial_prompts", "end_vote"],
    "description": "A bot for our chat",
    "destination_user_id": _ADA,
    "display_name": "Ada",
    "display_text": "Is this message spam?",
    "emojis": {"+1": 2, "_skip_reply": 1},
    "error_code": 2001,
    "frontend_message_id": "web-1042",
    "frontend_type": "bot",
    "help_text": "Worthless on purpose, advertising, or nothing to do with the conversation.",
    "hint": "Ask for one thing, in your own words.",
    "init_prompt_disabled_langs": "",
    "kind": "initial_prompt",
    "lang": "en",
    "loc": ["body", "user", "auth_method"],
    "mandatory_labels": ["spam"],
    "message": "There is no post with this id.",
    "message_id": _PROMPT,
    "message_tree_id": _PROMPT,
    "msg": "Input should be 'discord', 'google', 'local' or 'system'",
    "name": "spam",
    "new_content": "Why does bread dough rise?",
    "notes": "",
    "parent_id": _PROMPT,
    "prompt": "Why does bread rise?",
    "prompts": ["Why does bread rise?"],
    "ranking_parent_id": _PROMPT,
    "reason": "not my topic",
    "replies": ["Yeast makes gas, which the dough holds."],
    "reply": "Yeast makes gas, which the dough holds.",
    "short": "Ask for one thing, in your own words.",
    "sort_key": "created_date",
    "source_user_ids": [_ADAS_OTHER],
    "state": "growing",
    "state_counts": {"growing": 10, "ranking": 4},
    "task_id": _TASK,
    "text": "Why does bread rise?",
    "time_frame": "total",
    "user_emojis": ["+1"],
    "user_id": _ADA,
    "user_message_id": "web-1042",
    "username": "4711",
    "version": 1,
    "valid_labels": ["spam", "lang_mismatch"],
    "writes_as_model": None,
}

_FIELDS_OF: Mapping[str, Mapping[str, Any]] = {
    "ApiClientResponse": {"id": "1f0e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"},
    "CreateInviteRequest": {"role": "worker", "uses": 1, "days": 7, "user_name": None, "note": "Study 1"},
    "CreatedInvite": {"token": "hX0dJm2cQvS8kY1nT5bWzE7r"},
    "EndVote": {"message_id": "m-1", "ends_conversation": True},
    "FrontEndUser": {"id": "4711"},
    "Guideline": {
        "id": _GUIDELINE,
        "text": "# A prompt\n\nAsk for one thing, in your own words.\n\n- Give what is needed to answer.",
    },
    "GuidelineSummary": {"id": _GUIDELINE},
    "GuidelineText": {
        "text": "# A prompt\n\nAsk for one thing, in your own words.\n\n- Give what is needed to answer.",
    },
    "HTTPError": {"detail": _TOO_LARGE, "message": _TOO_LARGE, "error_code": 0},
    "HTTPValidationError": {"error_code": 0},
    "Invite": {"role": "worker", "uses_left": 1, "user_name": None, "note": "Study 1"},
    "Session": {"role": "worker", "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
    "OpenTask": {"message_id": "m-1"},
    "TaskLease": {"held": True},
    "Message": {"id": _REPLY},
    "MessageRanking": {"message_id": "m-1"},
    "OwnMessage": {"state": "under_review", "task_kind": "assistant_reply"},
    "MessageRating": {"message_id": "m-1"},
    "QueryColumn": {"name": "reason", "type": "STRING", "description": "null where none was given"},
    "QueryParameter": {"name": "lang", "type": "STRING", "description": "language of the tasks; null for all"},
    "SavedQuery": {
        "name": "skips",
        "description": "why tasks are skipped",
        "needs": ["tasks"],
        "cost": "scan of the tasks",
    },
    "Task": {"id": _TASK},
    "TaskAck": {"message_id": "m-1"},
    "TaskClose": {"message_id": "m-1"},
    "TaskGuideline": {"id": _GUIDELINE},
    "TextLabels": {"text": ""},
    "TextReplyToMessage": {"message_id": "m-1"},
    "ValidationError": {"type": "enum"},
}
"""Where a field means something else than elsewhere; `Task` are all shapes of tasks."""

_PARAMETERS: Mapping[str, str] = {
    "after": "A cursor: what follows it.",
    "api_client_id": "Only what belongs to this API client.",
    "auth_method": "How the user signed in.",
    "before": "A cursor: what precedes it.",
    "client_id": "The API client.",
    "desc": "Greatest first.",
    "display_name": "How the user is called.",
    "enabled": "Whether the user may work.",
    "end_date": "Not after this time.",
    "gt_id": "Only users behind this one.",
    "guideline_id": "The version of a guideline.",
    "halt": "true stops the tree, false lets it go on.",
    "include_deleted": "Also what is deleted.",
    "invite_id": "The invite.",
    "session_id": "The session.",
    "allow_deleted": "Also what is deleted.",
    "include_user": "With the author of each message.",
    "kind": "The kind of task.",
    "lang": "A BCP 47 tag.",
    "lt_id": "Only users before this one.",
    "max_count": "At most so many.",
    "max_date": "Not after this time.",
    "message_id": "The message.",
    "min_date": "Not before this time.",
    "name": "The name of the statistics.",
    "only_roots": "Only first messages of trees.",
    "preview": "Only tell what would happen.",
    "search_text": "What the name holds somewhere.",
    "sort_key": "What the page is sorted by.",
    "start_date": "Not before this time.",
    "task_id": "The task.",
    "time_frame": "How far back.",
    "user_id": "The user, by the id that the service gave.",
    "username": "The user's name at the frontend.",
    "window_size": "How many users are shown on either side.",
}

_KEYS: Mapping[str, str] = {
    "get_tree_manager_state_counts": "growing",
    "get_user_stats": "total",
    "oa_graph": "pool_size",
}
"""A key of a map, by the field or operation that has it; other maps have languages for keys."""

MOMENT = "2026-03-01T12:30:00.250000+00:00"

_FORMATS: Mapping[str, str] = {
    "uuid": _PROMPT,
    "date-time": MOMENT,
    "date": "2026-03-01",
    "uri": "http://localhost:8080",
}


def add(document: Json) -> None:
    """Give every shape, every body and every parameter of `document` an example and parameters a description."""
    samples = _Samples(document["components"]["schemas"])
    for name, schema in samples.schemas.items():
        schema.setdefault("examples", [samples.of(name)])
    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                _mend_parameter(parameter, samples)
            for sent in (operation.get("requestBody", {}), *operation["responses"].values()):
                for media in sent.get("content", {}).values():
                    _mend_media(media, samples, operation=operation["operationId"])


class _Samples:
    """Values that fit the schemas of a document."""

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self.schemas = schemas

    def of(self, name: str) -> Any:
        """The example of the shape with this name."""
        schema = self.schemas[name]
        return schema["examples"][0] if "examples" in schema else self.fitting(schema, of=name)

    def fitting(self, schema: Json, *, field: str = "", of: str = "") -> Any:
        """A value that `schema` takes; `field`: what it is the value of; `of`: the shape that is meant."""
        if "$ref" in schema:
            model_schema = self.schemas[_name(schema)]
            return _FIELDS[field] if _FIELDS.get(field) in model_schema.get("enum", ()) else self.of(_name(schema))
        if schema.get("examples"):
            return schema["examples"][0]
        if members := members_of(schema):
            return self._member(members[0], field, may_be_null={"type": "null"} in schema.get("anyOf", ()))
        if schema.get("type") == "object" and "properties" in schema:
            return {
                name: self._field(of, name, property_schema) for name, property_schema in schema["properties"].items()
            }
        return self._plain(schema, field)

    def _member(self, schema: Json, field: str, *, may_be_null: bool) -> Any:
        """A text that nothing is known of is better null than invented."""
        if may_be_null and schema.get("type") == "string" and not schema.keys() & {"enum", "format", "examples"}:
            return _FIELDS.get(field)
        return self.fitting(schema, field=field)

    def _field(self, of: str, field: str, schema: Json) -> Any:
        own = _FIELDS_OF.get(of, _FIELDS_OF["Task"] if of.endswith("Task") else {})
        return own[field] if field in own else self.fitting(schema, field=field)

    def _plain(self, schema: Json, field: str) -> Any:
        if "const" in schema:
            return schema["const"]
        if field in _FIELDS and _takes(schema, _FIELDS[field]):
            return _FIELDS[field]
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("default") is not None:
            return schema["default"]
        match schema.get("type"):
            case "string":
                # Settings that the original had and we have no use for are empty.
                return "" if field.isupper() else _FORMATS.get(schema.get("format", ""), field or "a text")
            case "integer" | "number":
                return schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
            case "boolean":
                return False
            case "array":
                return [self.fitting(schema["items"], field=field)] if schema.get("items") else []
            case "object":
                return self._map(schema, field)
            case _:
                return None

    def _map(self, schema: Json, field: str) -> Json:
        values = schema.get("additionalProperties")
        if not isinstance(values, dict) or not values:
            return {}
        keys = self._follow(schema.get("propertyNames", {})).get("enum", [_KEYS.get(field, "en")])
        return {str(keys[0]): self.fitting(values)}  # pyright: ignore[reportUnknownArgumentType]

    def _follow(self, schema: Json) -> Json:
        return self.schemas[_name(schema)] if "$ref" in schema else schema


def members_of(schema: Json) -> list[Json]:
    """The members of a union but null."""
    members: list[Json] = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf") or []
    return [member for member in members if member != {"type": "null"}]


def _name(schema: Json) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "array": list,
    "object": dict,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def _takes(schema: Json, value: object) -> bool:
    """Whether a value is of the schema's type; of a list, whether its first item is of the type of the items."""
    if "enum" in schema and value not in schema["enum"]:
        return False
    if not isinstance(value, _TYPES.get(schema.get("type", ""), object)):
        return False
    items: Json = schema.get("items", {})
    return not isinstance(value, list) or ("$ref" not in items and _takes(items, cast("list[object]", value)[0]))


def _mend_parameter(parameter: Json, samples: _Samples) -> None:
    if parameter["name"] in _PARAMETERS and not parameter.get("description"):
        parameter["description"] = _PARAMETERS[parameter["name"]]
    if parameter.get("required"):  # what need not be sent stays empty in the form of the page
        parameter.setdefault("example", samples.fitting(parameter["schema"], field=parameter["name"]))


def _mend_media(media: Json, samples: _Samples, *, operation: str) -> None:
    """Of a union each member has an example."""
    if "example" in media or "examples" in media:
        return
    members = members_of(media["schema"])
    if len(members) > 1 and all("$ref" in member for member in members):
        media["examples"] = {_name(member): _shown(samples, member) for member in members}
    else:
        media["example"] = samples.fitting(media["schema"], field=operation)


def _shown(samples: _Samples, member: Json) -> Json:
    value, schema = samples.fitting(member), samples.schemas[_name(member)]
    return {"summary": value.get("type", _name(member)), "description": schema.get("description", ""), "value": value}
