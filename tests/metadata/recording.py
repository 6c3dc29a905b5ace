"""A plugin of pytest that records every statement of metadata/ that tests run on SQLite, and from which line.

    JETTISON_STATEMENTS=FOLDER pytest -p tests.metadata.recording ...

Each process writes what it saw into a file of FOLDER.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

import jettison.metadata
from jettison.metadata.sqlite import SQLiteTransaction

VARIABLE = "JETTISON_STATEMENTS"
FOLDER = Path(jettison.metadata.__file__).parent
BESIDE = ("migrate", "sqlite", "postgres", "sandbox")
"""Modules whose statements make, check or copy a database as a whole."""

METHODS = ("all", "one", "run", "many")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as line ``line`` of ``module`` ran it, with values that it had."""

    module: str
    line: int
    sql: str
    values: Mapping[str, Any]

    def to_json(self) -> str:
        """As text; bytes are told apart by a key that no value has."""
        return json.dumps(asdict(self), default=lambda value: {"hex": value.hex()})

    @classmethod
    def from_json(cls, text: str) -> Statement:
        """What :meth:`to_json` wrote."""
        return cls(
            **json.loads(text, object_hook=lambda found: bytes.fromhex(found["hex"]) if "hex" in found else found)
        )


_seen: dict[tuple[str, int, str], Statement] = {}


def pytest_configure(config: pytest.Config) -> None:
    """Record from now on."""
    if VARIABLE in os.environ:
        for name in METHODS:
            setattr(SQLiteTransaction, name, _recorded(getattr(SQLiteTransaction, name), many=name == "many"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Write what was seen."""
    if folder := os.environ.get(VARIABLE):
        lines = [statement.to_json() for statement in _seen.values()]
        (Path(folder) / str(os.getpid())).write_text("\n".join(lines))


def _recorded(method: Callable[..., Any], *, many: bool) -> Callable[..., Any]:
    def one(self: SQLiteTransaction, sql: str, **values: object) -> Any:
        _note(sql, values)
        return method(self, sql, **values)

    def several(self: SQLiteTransaction, sql: str, rows: Iterable[Mapping[str, object]]) -> Any:
        listed = list(rows)
        if listed:
            _note(sql, listed[0])
        return method(self, sql, listed)

    return several if many else one


def _note(sql: str, values: Mapping[str, object]) -> None:
    # Whoever wraps transactions, as some tests do, is passed over.
    frame = sys._getframe(2)
    while frame.f_back is not None and Path(frame.f_code.co_filename).parent != FOLDER:
        frame = frame.f_back
    file = Path(frame.f_code.co_filename)
    if file.parent != FOLDER or file.stem in BESIDE:
        return
    key = (file.stem, frame.f_lineno, sql)
    known = _seen.get(key)
    if known is None or ([] in known.values.values() and [] not in values.values()):
        _seen[key] = Statement(*key, dict(values))
