"""What the listed repositories hold, as one chooses among it by names."""

from __future__ import annotations

from jettison.metadata.database import Transaction


def names(tx: Transaction) -> list[str]:
    """The names of all repositories that the catalog lists, by bytes."""
    rows = tx.all("select name from repository where deletion is null and listed = 1 order by name")
    return [row[0] for row in rows]


def count(tx: Transaction) -> int:
    """How many repositories the catalog lists."""
    row = tx.one("select count(*) from repository where deletion is null and listed = 1")
    assert row is not None
    return int(row[0])


def among(tx: Transaction, names: list[str]) -> list[str]:
    """Those of ``names`` that the catalog lists, by bytes."""
    rows = tx.all(
        "select name from repository where deletion is null and listed = 1 and name in :names order by name",
        names=names,
    )
    return [row[0] for row in rows]


def tags(tx: Transaction, names: list[str]) -> list[tuple[str, str]]:
    """The tags of these repositories, each with its repository's name, by bytes."""
    rows = tx.all(
        """select r.name, t.name from repository r join tag t on t.repository = r.id
           where r.deletion is null and r.listed = 1 and r.name in :names order by r.name, t.name""",
        names=names,
    )
    return [(row[0], row[1]) for row in rows]


def count_tags(tx: Transaction) -> int:
    """How many tags there are in all of them."""
    row = tx.one("select count(*) from repository r join tag t on t.repository = r.id where r.deletion is null")
    assert row is not None
    return int(row[0])
