"""Fields of JSON objects that this client wrote, or that a vendor's API answered: each read with its type checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jettison.client.errors import Invalid
from jettison.oci.digest import Digest
from jettison.oci.errors import Json


def text(value: Mapping[str, Json], name: str) -> str:
    """The field `name`, a text. Raises Invalid."""
    found = value.get(name)
    if not isinstance(found, str):
        raise Invalid(f"the field {name!r} must be a text, and is {type(found).__name__}")
    return found


def text_or_none(value: Mapping[str, Json], name: str) -> str | None:
    """The field `name`, a text; None where it is absent or null. Raises Invalid."""
    return None if value.get(name) is None else text(value, name)


def integer_or_none(value: Mapping[str, Json], name: str) -> int | None:
    """The field `name`, a whole number; None where it is absent or null. Raises Invalid."""
    found = value.get(name)
    if found is None:
        return None
    if not isinstance(found, int) or isinstance(found, bool):
        raise Invalid(f"the field {name!r} must be a whole number, and is {type(found).__name__}")
    return found


def digest_or_none(value: Mapping[str, Json], name: str) -> Digest | None:
    """The field `name`, a digest; None where it is absent or null. Raises Invalid or DigestInvalid."""
    found = text_or_none(value, name)
    return None if found is None else Digest.parse(found)


def entries(value: Mapping[str, Json], name: str) -> Sequence[Json]:
    """The field `name`, a list; empty where it is absent or null. Raises Invalid."""
    found = value.get(name)
    if found is None:
        return ()
    if isinstance(found, str) or not isinstance(found, Sequence):
        raise Invalid(f"the field {name!r} must be a list, and is {type(found).__name__}")
    return found


def objects(value: Json) -> list[Mapping[str, Json]]:
    """The objects of a list; nothing of what is no list. What is no object is left out."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        return []
    return [each for each in value if isinstance(each, Mapping)]
