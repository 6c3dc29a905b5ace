from __future__ import annotations

from pathlib import Path

import pytest

from jettison.metadata import repositories
from jettison.metadata.database import Database, Transaction
from jettison.metadata.within import Within


def test_all_of_it_is_one_transaction(database: Database) -> None:
    """Reads see what was written in it before, nobody else does, and an error takes all of it back."""

    def work(tx: Transaction) -> None:
        within = Within(tx)
        within.write(lambda inner: repositories.find_or_create(inner, "app"))
        assert within.read(lambda inner: repositories.find(inner, "app")) is not None
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(work)
    assert database.read(lambda tx: repositories.find(tx, "app")) is None


def test_whoever_opened_the_transaction_commits_it(database: Database) -> None:
    """Closing it closes nothing, and what was written is there after the commit."""

    def work(tx: Transaction) -> None:
        within = Within(tx)
        within.write(lambda inner: repositories.find_or_create(inner, "app"))
        within.close()

    database.write(work)
    assert database.read(lambda tx: repositories.find(tx, "app")) is not None


def test_each_write_can_be_stopped(database: Database) -> None:
    """What is to be heeded is asked before each write, not before reads."""
    asked = []

    def work(tx: Transaction) -> None:
        within = Within(tx, lambda: asked.append(1))
        within.read(lambda inner: None)
        assert asked == []
        within.write(lambda inner: None)
        assert asked == [1]

    database.write(work)


def test_what_only_a_whole_database_can_is_refused(database: Database, tmp_path: Path) -> None:
    """A transaction is neither checked nor copied."""

    def work(tx: Transaction) -> None:
        with pytest.raises(NotImplementedError, match="ask its database"):
            Within(tx).problems(thorough=True)
        with pytest.raises(NotImplementedError, match="ask its database"):
            Within(tx).copy(tmp_path / "copy", lambda inner: None)

    database.read(work)
