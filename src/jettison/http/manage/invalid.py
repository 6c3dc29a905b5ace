"""What is wrong with a request that does not have the form described, in words, as one error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError

from jettison.http.request import BadRequest
from jettison.oci.errors import Json, quoted

TOLD = 5
DESCRIPTION = "/api/openapi.json"


def invalid(error: RequestValidationError) -> BadRequest:
    """The error that tells the first things that are wrong, and what to send instead."""
    found = [(_where(one["loc"]), _message(one)) for one in error.errors()[:TOLD]]
    message = "; ".join(f"{where}: {text}" for where, text in found)
    detail: Json = [{"where": where, "message": text} for where, text in found]
    return BadRequest(f"{message}. What this request takes is described at {DESCRIPTION}", detail)


def _where(location: Sequence[Any]) -> str:
    """The place as one writes it: `body.targets.0.tag`."""
    return ".".join(str(part)[:100] if str(part).isprintable() else quoted(str(part)) for part in location)


def _message(error: Mapping[str, Any]) -> str:
    match error["type"]:
        case "missing" if tuple(error["loc"]) == ("body",):
            return "is missing: it is a JSON object, {} where there is nothing to say"
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is not known here: nothing is done, as it may be misspelled"
        case "json_invalid":
            return f"is no JSON: {error['ctx']['error']}"
        case "value_error":
            return str(error["ctx"]["error"])
        case _:
            text: str = error["msg"]
            return text[:1].lower() + text[1:]
