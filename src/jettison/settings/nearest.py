"""The known name that someone may have meant."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

_CLOSE_BESIDE = 0.6
_CLOSE_ELSEWHERE = 0.8


def nearest_variable(name: str, prefix: str, known: Sequence[str]) -> str | None:
    """The one of the variables `known` most like `name`, by what follows their common prefix; None if none is close."""
    ends = [other.removeprefix(prefix) for other in known]
    matches = get_close_matches(name.removeprefix(prefix), ends, 1, _CLOSE_ELSEWHERE)
    return f"{prefix}{matches[0]}" if matches else None


def nearest_path(path: str, known: Sequence[str]) -> str | None:
    """The one of the dotted paths `known` most like `path`: beside it first, else a key of the same name elsewhere."""
    parent, _, key = path.lower().rpartition(".")
    beside = {other.rpartition(".")[2]: other for other in known if other.rpartition(".")[0] == parent}
    for match in get_close_matches(key, beside, 1, _CLOSE_BESIDE):
        return beside[match]
    elsewhere: dict[str, str] = {}
    for other in sorted(known, key=lambda other: other.count(".")):
        elsewhere.setdefault(other.rpartition(".")[2], other)
    for match in get_close_matches(key, elsewhere, 1, _CLOSE_ELSEWHERE):
        return elsewhere[match]
    return None
