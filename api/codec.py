"""How bodies become values and values become bodies.

Left to itself Litestar turns a body into dicts, has pydantic validate those, and turns a model back into dicts
before it encodes them (litestar#5088). Here pydantic reads and writes the bytes itself, which is quicker, keeps
its lax reading of JSON, and tells in its own words what is wrong with a body. Litestar's place for this is a DTO.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, cast

from litestar import Response
from litestar.connection import ASGIConnection
from litestar.dto import AbstractDTO
from litestar.dto.data_structures import DTOFieldDefinition
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, to_json

from oa_graph.api import wire

if TYPE_CHECKING:
    from litestar._openapi.schema_generation import SchemaCreator


_READER = "reader"


class Unprocessable(Exception):
    """A request whose fields cannot be taken."""

    def __init__(self, detail: Sequence[wire.ValidationError]) -> None:
        super().__init__()
        self.detail = list(detail)


class Json(AbstractDTO[Any]):
    """Reads bodies with pydantic and writes responses with it."""

    def decode_bytes(self, value: bytes) -> Any:
        connection = cast("ASGIConnection[BaseRouteHandler, Any, Any, Any]", self.asgi_connection)
        field = cast("FieldDefinition", connection.route_handler.parsed_data_field)
        try:
            return field.extra[_READER].validate_json(value)
        except ValidationError as error:
            raise Unprocessable(_detail(error)) from None

    def data_to_encodable_type(self, data: Any) -> Any:
        # Litestar's own answer to OPTIONS comes this way too.
        answered = isinstance(data, Response)
        return cast("Any", data) if answered else to_json(data)

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: object = None
    ) -> None:
        """Called once for each handler: what reads the body is made ready."""
        if field_definition.name == "data":
            field_definition.extra[_READER] = TypeAdapter[Any](field_definition.raw)

    @classmethod
    def is_supported_model_type_field(cls, field_definition: FieldDefinition) -> bool:
        return True

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: SchemaCreator
    ) -> Reference | Schema:
        return schema_creator.for_field_definition(field_definition)

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Generator[DTOFieldDefinition, None, None]:
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        return False


def _detail(error: ValidationError) -> list[wire.ValidationError]:
    return [_field(problem) for problem in error.errors(include_url=False, include_context=False, include_input=False)]


def _field(error: ErrorDetails) -> wire.ValidationError:
    """pydantic's way to a field also names the member of a union, and marks keys; a frontend knows neither."""
    way = error["loc"][1:] if error["loc"] and error["loc"][0] in wire.INTERACTIONS else error["loc"]
    loc = ["body", *(step for step in way if step != "[key]")]
    return wire.ValidationError(loc=loc, msg=error["msg"], type=error["type"])
