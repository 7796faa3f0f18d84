"""What the shapes are made of: texts with bounds, ids, moments, and the kinds of shapes."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, overload

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from oa_graph.errors import EmptyId
from oa_graph.language import is_tag, normalized

log = logging.getLogger(__name__)


def without_null(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("null_character", "text with a null character (U+0000) cannot be stored")
    return value


def _without_gap(value: str, about: ValidationInfo) -> str:
    if not value:
        raise EmptyId(field=about.field_name)
    return value


def language(value: str) -> str:
    """Normalize a language tag. Text that is no tag stays as it was sent, and is logged: the original took any."""
    if value and not is_tag(value):
        _warn_of_language(value[:50])
    return normalized(value)


@lru_cache(1000)  # once for each value, as long as not too many come
def _warn_of_language(value: str) -> None:
    log.warning("language %r is no BCP 47 tag; kept as sent", value)


Text = Annotated[str, AfterValidator(without_null)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(without_null)]
FrontendId = Annotated[
    str,
    StringConstraints(max_length=256),
    AfterValidator(_without_gap),
    AfterValidator(without_null),
    Field(examples=["web-1042"]),
]
"""An id that a frontend makes. The bound keeps it indexable."""
Short = Annotated[str, StringConstraints(max_length=256), AfterValidator(without_null)]
Lang = Annotated[
    str,
    StringConstraints(max_length=32),
    AfterValidator(without_null),
    AfterValidator(language),
    Field(examples=["en", "pt-BR"]),
]
Index = Annotated[int, Field(ge=-(2**31), lt=2**31)]
"""Wide enough that what is out of the list's range is told as such, narrow enough to be stored."""
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]

DEFAULT_LANG = "en"


class In(BaseModel):
    """A body."""

    model_config = ConfigDict(
        extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )


Id = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
Moment = Annotated[
    str,
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2023-01-02T03:04:05.006000+00:00"]}),
]


class Out(BaseModel):
    """A response. Its fields have no defaults, so that none is forgotten, and all are sent.

    Fields that were added later are exceptions: they say when they are sent.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)


@overload
def moment(value: datetime) -> str: ...
@overload
def moment(value: None) -> None: ...
@overload
def moment(value: datetime | None) -> str | None: ...
def moment(value: datetime | None) -> str | None:
    """ISO 8601 with +00:00; microseconds only when there are some."""
    return None if value is None else value.astimezone(UTC).isoformat()
