"""Finding out what something would do by doing it, to the last statement, and taking it all back.

A prediction made by other code than what it predicts is wrong one day. Here the same steps run in one transaction that
is rolled back, and on storage whose bytes are left alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn, TypeVar, cast

from jettison.blobs.store import Blobs, Key
from jettison.metadata.database import Transaction
from jettison.metadata.sandbox import sandbox
from jettison.metadata.within import Within
from jettison.oci.errors import Unavailable
from jettison.registry.registry import Registry
from jettison.registry.tally import Tally

T = TypeVar("T")

LONGEST = 60.0
"""Seconds."""


def rehearse(registry: Registry, work: Callable[[Registry], T]) -> T:
    """What ``work`` returns or raises, with nothing changed. It may only delete bytes, not read or write them.

    Nobody waits for it on SQLite. On PostgreSQL those do who need the same rows, so there it raises Unavailable after
    LONGEST seconds.
    """
    with sandbox(registry.database) as database:
        ends = time.monotonic() + LONGEST if database is registry.database else math.inf

        def act(tx: Transaction) -> NoReturn:
            within = Within(tx, lambda: _heed(ends))
            stage = replace(registry, database=within, blobs=cast("Blobs", _Untouched()), tally=Tally())
            raise _Over(work(stage))

        try:
            database.write(act)
        except _Over as over:
            return cast("T", over.result)


def _heed(ends: float) -> None:
    if time.monotonic() > ends:
        raise Unavailable(
            f"a dry run ends after {LONGEST:.0f} s, since pushes may have to wait for it: go without one, which takes "
            "small steps"
        )


class _Over(Exception):
    """The end of a rehearsal: raised so that the transaction is rolled back."""

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result


class _Untouched:
    """Storage in which deleting succeeds and deletes nothing."""

    def delete(self, key: Key) -> None:
        """Nothing."""

    def abandon(self, upload: str, key: Key, state: str | None) -> None:
        """Nothing."""
