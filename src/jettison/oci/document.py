"""JSON from strangers: read within bounds of depth and number, then field by field with the types that are due."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final, NoReturn

from jettison.oci.errors import ManifestInvalid, quoted

DEEPEST: Final = 100
# One value for each 16 bytes of the largest manifest (4 MiB); descriptors take twice as many bytes for each.
MOST_VALUES: Final = 2**18
LARGEST_SIZE: Final = 2**63 - 1

_ALL_BUT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_AS_SQUARE: Final = bytes.maketrans(b"{}", b"[]")


def read_object(content: bytes) -> Fields:
    """The fields of the one JSON object that `content` is.

    Raises ManifestInvalid if it is not one in UTF-8, nests deeper than DEEPEST, has more values than MOST_VALUES,
    names a field twice, or has numbers beyond JSON's. Takes time and memory linear in the length of `content`.
    """
    _check_bounds(content)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ManifestInvalid(f"the manifest is not UTF-8: byte {error.start} cannot be read") from None
    try:
        values = json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ManifestInvalid(f"the manifest is not JSON: {error}") from None
    except ValueError:
        # Python reads no integers of more than 4300 digits.
        raise ManifestInvalid("the manifest has a number of too many digits") from None
    return Fields(values, "")


def _check_bounds(content: bytes) -> None:
    # Every second piece between quotes is outside of strings, once no quote is left that a backslash escapes.
    plain = content.replace(rb"\\", b"").replace(rb"\"", b"")
    if plain.count(b'"') > 4 * MOST_VALUES:
        raise ManifestInvalid(f"the manifest has too many values: at most {MOST_VALUES} are read")
    structure = b"".join(plain.split(b'"')[::2])
    brackets = structure.translate(_AS_SQUARE, _ALL_BUT_BRACKETS)
    if structure.count(b",") + brackets.count(b"[") > MOST_VALUES:
        raise ManifestInvalid(f"the manifest has too many values: at most {MOST_VALUES} are read")
    depth = 0
    while b"[]" in brackets and depth < DEEPEST:
        brackets = brackets.replace(b"[]", b"")
        depth += 1
    if b"[]" in brackets:
        raise ManifestInvalid(f"the manifest nests deeper than the {DEEPEST} levels that are read")
    if brackets:
        raise ManifestInvalid("the manifest is not JSON: its brackets do not match")


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ManifestInvalid(f"the manifest has the field {quoted(twice)} twice in one object: keep one of them")
    return values


def _refuse_constant(name: str) -> NoReturn:
    raise ManifestInvalid(f"the manifest is not JSON: {name} is no number in it")


class Fields:
    """The fields of one JSON object, and where in the document it lies (`""` is the top, else as in `layers[3]`).

    A field that is null counts as absent, as it does to the clients that write it. Every method raises
    ManifestInvalid, naming the field's place, if the field has another type than is asked for.
    """

    __slots__ = ("values", "where")

    def __init__(self, values: object, where: str) -> None:
        if not isinstance(values, dict):
            raise ManifestInvalid(f"{where or 'the manifest'} must be a JSON object, and is {shown(values)}")
        self.values: dict[str, object] = values
        self.where = where

    def path(self, name: str) -> str:
        """Where the field lies, as messages say it."""
        return f"{self.where}.{name}" if self.where else name

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self.values.get(name) is not None

    def check_spelling(self, known: Mapping[str, str]) -> None:
        """Raises ManifestInvalid if a field differs from a known one in upper and lower case only.

        Many clients (all that are written in Go) read such a field as the known one: they would see another manifest.
        `known` has the fields by their case-folded names, as `folded` makes it.
        """
        for name in self.values:
            if (meant := known.get(name.casefold(), name)) != name:
                raise ManifestInvalid(f"the field {quoted(self.path(name))} must be spelled {meant!r}")

    def text(self, name: str) -> str | None:
        """A string; None if it is absent or empty."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        return _text(value, self.path(name))

    def required_text(self, name: str) -> str:
        """A string that may be neither absent nor empty."""
        value = self.text(name)
        if value is None:
            raise ManifestInvalid(f"{self.path(name)} is required")
        return value

    def size(self, name: str) -> int:
        """A number of bytes, required: an integer from 0 to 2**63 - 1."""
        value = self.values.get(name)
        if type(value) is not int or not 0 <= value <= LARGEST_SIZE:
            raise ManifestInvalid(
                f"{self.path(name)} must be an integer from 0 to {LARGEST_SIZE}, and is {shown(value)}"
            )
        return value

    def objects(self, name: str) -> Iterator[Fields]:
        """The objects of a list; none if it is absent."""
        for position, value in enumerate(self._list(name)):
            yield Fields(value, f"{self.path(name)}[{position}]")

    def texts(self, name: str) -> list[str]:
        """A list of strings; empty if it is absent."""
        return [_text(value, f"{self.path(name)}[{position}]") for position, value in enumerate(self._list(name))]

    def nested(self, name: str) -> Fields | None:
        """An object; None if it is absent."""
        value = self.values.get(name)
        return None if value is None else Fields(value, self.path(name))

    def annotations(self) -> dict[str, str]:
        """The field `annotations`, of strings to strings; empty if it is absent."""
        fields = self.nested("annotations")
        if fields is None:
            return {}
        return {_text(name, fields.where): _text(value, fields.path(name)) for name, value in fields.values.items()}

    def _list(self, name: str) -> list[object]:
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise ManifestInvalid(f"{self.path(name)} must be a list, and is {shown(value)}")
        return value


def folded(*names: str) -> dict[str, str]:
    """The names by what they are when case is ignored."""
    return {name.casefold(): name for name in names}


def shown(value: object) -> str:
    """What a JSON value is: itself where that is short, else its kind."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if type(value) is float or (type(value) is int and abs(value) <= LARGEST_SIZE):
        return str(value)
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "an object"}
    return names[type(value)]


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise ManifestInvalid(f"{_short(where)} must be a string, and is {shown(value)}")
    # JSON can escape halves of surrogate pairs, which no UTF-8 can hold: not the database's, nor an answer's.
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise ManifestInvalid(f"{_short(where)} has half of a surrogate pair, which is not a character")
    return value


def _short(where: str) -> str:
    return where if where.isprintable() and len(where) <= 200 else quoted(where)
