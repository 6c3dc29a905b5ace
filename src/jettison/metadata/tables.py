"""The tables of the schema, as whoever copies all of them has to know them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from jettison.metadata.database import FORGOTTEN
from jettison.metadata.dialect import schema
from jettison.metadata.migrate import migrations

if TYPE_CHECKING:
    import apsw


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns, those of its primary key in order, and whether the database gives out its ids."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    numbered: bool


STAY = (*FORGOTTEN, "discarded", "move", "moved", "compatible")
"""Tables that a move leaves behind: what a copy forgets, keys whose bytes are about to go, the move itself, and what a
schema says of itself."""

LATE = (
    "notification", "manifest_pulled", "tag_pulled", "sweep", "account", "account_group", "account_group_member",
    "granted", "audit", "overview", "overview_read", "disk_day", "disk_returning", "disk_shared",
)  # fmt: skip
"""Tables into which those who only read, sign in or count write too: a move takes them last."""


@cache
def tables() -> tuple[Table, ...]:
    """All tables, each after those that its foreign keys name."""
    # Imported only here: whoever uses PostgreSQL starts without it.
    import apsw  # noqa: PLC0415

    connection = apsw.Connection(":memory:")
    try:
        for text in migrations().values():
            connection.execute(schema(text, "sqlite")).fetchall()
        names = connection.execute(
            "select name, sql from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'"
            " order by rowid"
        ).fetchall()
        return tuple(_table(connection, str(name), str(text)) for name, text in names)
    finally:
        connection.close()


def _table(connection: apsw.Connection, name: str, text: str) -> Table:
    columns = connection.execute("select name, pk from pragma_table_info(?) order by cid", (name,)).fetchall()
    key = [str(column) for column, _ in sorted((row for row in columns if row[1]), key=lambda row: int(str(row[1])))]
    return Table(name, tuple(str(row[0]) for row in columns), tuple(key), "autoincrement" in text)


def moving(*, late: bool) -> tuple[Table, ...]:
    """The tables that a move takes: first those that only changes of the registry write to, then the ``late`` ones."""
    return tuple(each for each in tables() if each.name not in STAY and (each.name in LATE) is late)
