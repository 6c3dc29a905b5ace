from __future__ import annotations

from fastapi.exceptions import RequestValidationError

from jettison.http.manage.invalid import TOLD, invalid


def error(*location: str | int, type: str = "missing", message: str = "Field required") -> dict[str, object]:
    """One finding, as pydantic reports it."""
    return {"type": type, "loc": location, "msg": message, "input": "hunter2"}


def test_the_first_findings_are_told_with_their_places() -> None:
    """So many, each with where it is, and where to read on; what was sent is not repeated."""
    found = invalid(RequestValidationError([error("body", "targets", number) for number in range(TOLD + 3)]))

    assert found.message.startswith("body.targets.0: is missing; body.targets.1: is missing; ")
    assert found.message.endswith("described at /api/openapi.json")
    assert isinstance(found.detail, list)
    assert len(found.detail) == TOLD
    assert "hunter2" not in found.message + str(found.detail)


def test_hostile_places_are_printable_and_short() -> None:
    """The names of unknown fields are whatever somebody sent."""
    found = invalid(
        RequestValidationError([error("body", "\x1b[31m\n\ud800", type="extra_forbidden"), error("x" * 9999)])
    )

    assert found.message.isprintable()
    assert len(found.message) < 500


def test_what_the_form_says_is_told_in_its_words() -> None:
    """Of what is not told apart, the words of what checks it, as the rest of a sentence."""
    found = invalid(RequestValidationError([error("query", "limit", type="int_parsing", message="Input should be 1")]))
    assert found.message.startswith("query.limit: input should be 1. ")
