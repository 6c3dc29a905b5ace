"""A database in which nothing changes any more: the database itself refuses it, to every process that has it open.

Triggers refuse: they cost nothing where there are none, and a write that has begun before is waited for.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from jettison.metadata.database import Database, Transaction
from jettison.metadata.tables import STAY, Table, tables

REFUSAL = (
    "nothing can be written here: this registry is being moved, or has moved, to another place, which its server says"
    " at its start; reading works"
)
_FUNCTION = "jettison_frozen"
_EVENTS = ("insert", "update", "delete")


def freeze(database: Database, dialect: str, chosen: Iterable[Table]) -> None:
    """Refuse every write to the ``chosen`` tables, and new uploads; on return, all that came before has ended."""
    if dialect == "postgres":
        database.write(_make_function)
    # One after another: whoever holds some of them and waits for others is waited for, and not held up.
    database.write(partial(_freeze, table="upload", events=("insert",), dialect=dialect))
    for table in chosen:
        database.write(partial(_freeze, table=table.name, events=_EVENTS, dialect=dialect))


def thaw(database: Database, dialect: str) -> None:
    """Let everything be written again."""
    for table in [each.name for each in tables() if each.name not in STAY or each.name == "upload"]:
        database.write(partial(_thaw, table=table, dialect=dialect))


def _make_function(tx: Transaction) -> None:
    # 57000 is the operator's intervention.
    tx.run(
        f"""create or replace function {_FUNCTION}() returns trigger language plpgsql as
            $$ begin raise exception using errcode = '57000', message = '{REFUSAL}'; end $$"""
    )


def _freeze(tx: Transaction, table: str, events: tuple[str, ...], dialect: str) -> None:
    for event in events:
        name = f"frozen_{event}_{table}"
        if dialect == "sqlite":
            tx.run(
                f"create trigger if not exists {name} before {event} on {table}"
                f" begin select raise(abort, '{REFUSAL}'); end"
            )
        else:
            tx.run(
                f"create or replace trigger {name} before {event} on {table}"
                f" for each row execute function {_FUNCTION}()"
            )


def _thaw(tx: Transaction, table: str, dialect: str) -> None:
    on = f" on {table}" if dialect == "postgres" else ""
    for event in _EVENTS:
        tx.run(f"drop trigger if exists frozen_{event}_{table}{on}")
