"""What the bodies and parameters of this API are made of."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from fastapi import Request as Asked
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, GetJsonSchemaHandler, WithJsonSchema, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from jettison.http.edge import Edge
from jettison.oci.digest import DIGEST_PATTERN
from jettison.oci.errors import quoted
from jettison.oci.reference import LONGEST_NAME, NAME_PATTERN, TAG_PATTERN
from jettison.registry.access import Caller
from jettison.registry.origin import Origin
from jettison.selection.pattern import LONGEST_PATTERN, PATTERN_GRAMMAR

LARGEST_ID = 2**63 - 1


class Form(BaseModel):
    """A JSON object of which every field is known: what is misspelled must not be passed over."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Given(Form):
    """One that clients send. Null is nothing to send: what an unset variable became must not widen a deletion."""

    @model_validator(mode="before")
    @classmethod
    def _no_null(cls, value: Any) -> Any:
        if isinstance(value, dict):
            for name, part in value.items():
                if part is None:
                    raise ValueError(f"{quoted(name)} is null: give it a value or leave it out")
        return value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler(schema)
        for part in handler.resolve_ref_schema(described).get("properties", {}).values():
            if part.get("default", ...) is None:
                del part["default"]
                [*kinds, _] = part.pop("anyOf")
                part.update(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})
        return described


class Nothing(Given):
    """No parameters: the body is an empty object."""


def _text(pattern: str, longest: int | None, example: str) -> Any:
    schema: dict[str, Any] = {"type": "string", "pattern": f"^{pattern}$", "examples": [example]}
    return WithJsonSchema(schema if longest is None else {**schema, "maxLength": longest})


# Described here, parsed by what knows them: its errors say more.
NameText = Annotated[str, _text(NAME_PATTERN, LONGEST_NAME, "team/app")]
TagText = Annotated[str, _text(TAG_PATTERN, None, "v1.0")]
DigestText = Annotated[str, _text(DIGEST_PATTERN, None, f"sha256:{'0' * 64}")]
PatternText = Annotated[str, _text(PATTERN_GRAMMAR, LONGEST_PATTERN, "team/**")]

Time = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-24T14:15:53Z"]})]


def _whole(value: Any) -> Any:
    """JSON does not tell 1.0 from 1."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Number = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": "integer", "minimum": 0})]


class Refusal(Form):
    """One error: `code` for programs, `message` for people, which says what to do."""

    code: str
    message: str
    detail: Any = None


class Refusals(Form):
    """The body of every refusal, as of OCI distribution 1.1, "Error Codes"."""

    errors: list[Refusal]


async def _edge(asked: Asked) -> Edge:
    edge: Edge = asked.app.state.edge
    return edge


AnEdge = Annotated[Edge, Depends(_edge)]


async def _origin(asked: Asked) -> Origin:
    origin: Origin = asked.scope["origin"]
    return origin


AnOrigin = Annotated[Origin, Depends(_origin)]


async def _caller(asked: Asked) -> Caller:
    caller: Caller = asked.scope["caller"]
    return caller


ACaller = Annotated[Caller, Depends(_caller)]


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> JSONResponse:
    """The response that tells ``value`` as JSON."""
    return JSONResponse(value, status, headers)
