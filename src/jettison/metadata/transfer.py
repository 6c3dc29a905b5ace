"""Rows from one database to another of the same schema, whichever kinds they are: a page at a time, by primary key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from hashlib import blake2b

from jettison.metadata.database import Database, Row, Transaction
from jettison.metadata.tables import Table, moving

ROWS = 2000
LARGE = {"manifest_content": 50, "deletion": 50, "notification": 200, "audit": 500}
"""Rows of a page, where one may be large: of manifests, up to 4 MiB."""

_COUNTED = {
    "sqlite": "select seq from sqlite_sequence where name = :name",
    "postgres": "select pg_sequence_last_value(pg_get_serial_sequence(:name, 'id')::regclass)",
}

Change = Callable[[Sequence[Row]], Sequence[Row]]
"""What rows become on their way."""


def same(rows: Sequence[Row]) -> Sequence[Row]:
    """They stay as they are."""
    return rows


def pages(database: Database, table: Table, after: Row | None = None) -> Iterator[list[Row]]:
    """All rows after the key ``after``, in the key's order; each page is read by itself."""
    where = [table.columns.index(column) for column in table.key]
    while rows := database.read(partial(_page, table=table, after=after)):
        yield rows
        after = tuple(rows[-1][each] for each in where)


def _page(tx: Transaction, table: Table, after: Row | None) -> list[Row]:
    columns, key = ", ".join(table.columns), ", ".join(table.key)
    limit = LARGE.get(table.name, ROWS)
    if after is None:
        return tx.all(f"select {columns} from {table.name} order by {key} limit :most", most=limit)
    values = ", ".join(f":{column}" for column in table.key)
    return tx.all(
        f"select {columns} from {table.name} where ({key}) > ({values}) order by {key} limit :most",
        most=limit,
        **dict(zip(table.key, after, strict=True)),
    )


def last(tx: Transaction, table: Table) -> Row | None:
    """The largest key; None where there are no rows."""
    key, order = ", ".join(table.key), ", ".join(f"{column} desc" for column in table.key)
    return tx.one(f"select {key} from {table.name} order by {order} limit 1")


def count(tx: Transaction, table: Table) -> int:
    """How many rows there are."""
    row = tx.one(f"select count(*) from {table.name}")
    assert row is not None
    return int(row[0])


def add(tx: Transaction, table: Table, rows: Sequence[Row]) -> None:
    """Write rows; those whose key is there already are left out."""
    columns, values = ", ".join(table.columns), ", ".join(f":{column}" for column in table.columns)
    tx.many(
        f"insert into {table.name} ({columns}) values ({values}) on conflict ({', '.join(table.key)}) do nothing",
        [dict(zip(table.columns, row, strict=True)) for row in rows],
    )


def counted(tx: Transaction, table: Table, dialect: str) -> int:
    """The largest id that was ever given out: of what is gone too."""
    row = tx.one(_COUNTED[dialect], name=table.name)
    return int(row[0]) if row is not None and row[0] is not None else 0


def count_on(tx: Transaction, table: Table, dialect: str, from_: int) -> None:
    """Have ids given out after ``from_`` only."""
    if dialect == "sqlite":
        tx.run("delete from sqlite_sequence where name = :name", name=table.name)
        tx.run("insert into sqlite_sequence (name, seq) values (:name, :seq)", name=table.name, seq=from_)
        return
    tx.one(
        "select setval(pg_get_serial_sequence(:name, 'id')::regclass, :value, :used)",
        name=table.name,
        value=max(from_, 1),
        used=from_ > 0,
    )


def wipe(tx: Transaction) -> None:
    """Delete all rows that a move would bring. Bytes that they named are recorded as to be deleted."""
    tx.run(
        """insert into discarded (key, size, after, digest) select key, size, :now, null from stored where true
           on conflict (key) do nothing""",
        now=tx.now,
    )
    for table in reversed((*moving(late=False), *moving(late=True))):
        tx.run(f"delete from {table.name}")


def spare_named(tx: Transaction) -> None:
    """Do not delete bytes that rows name again."""
    tx.run("delete from discarded where key in (select key from stored)")


def checksum(database: Database, table: Table, change: Change = same) -> tuple[int, str]:
    """How many rows there are, and a sum over all of them, whatever their order and the kind of database."""
    rows = total = 0
    for page in pages(database, table):
        for row in change(page):
            hashed = blake2b(repr(tuple(row)).encode(), digest_size=16, person=b"jettison-row").digest()
            total += int.from_bytes(hashed, "big")
            rows += 1
    return rows, f"{total % 2**128:032x}"
