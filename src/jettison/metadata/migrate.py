"""Brings a database to this version's schema: numbered files, applied once, under a lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from importlib import resources

from jettison.metadata.database import Database, Lock, Transaction
from jettison.metadata.dialect import schema
from jettison.oci.errors import Unavailable

LOCK = Lock.alone("jettison/schema")

COMPATIBLE = 9
"""The migration from which on a database says which programs may serve it."""

WAITING_SECONDS = 2.0
"""How long one waits for another before it is said."""


class NewerSchema(Unavailable):
    """The database was written by a newer version, whose rows this one may not understand."""


def migrate(database: Database, dialect: str, waiting: Callable[[], None] = lambda: None) -> int:
    """Apply the migrations that ``database`` lacks, each whole or not at all; return its version.

    Of several processes that start at once one does it, and the others wait; ``waiting`` is called, in another thread,
    where that takes a while. A version ahead of this program's is left as it is. Raises NewerSchema where this program
    is too old to serve it.
    """
    _alone(database, _create_ledger, waiting)
    steps = migrations()
    found = database.read(version)
    for number, text in steps.items():
        if number > found:
            _alone(database, partial(_apply, number=number, text=text, dialect=dialect), waiting)
    require_compatible(database)
    return max(found, *steps)


def require_compatible(database: Database) -> None:
    """Raise NewerSchema where a newer program has taken away from ``database`` what this one needs."""
    known = max(migrations())
    found, since = database.read(_version_and_since)
    if found > known and known < since:
        raise NewerSchema(
            f"the database has schema {found} and this program knows schemas up to {known}: "
            "start the newer Jettison that wrote it, or restore the backup made before it was upgraded"
        )


def migrations() -> dict[int, str]:
    """Every migration's text by its number, in order."""
    files = resources.files(f"{__package__}.migrations").iterdir()
    texts = {int(file.name[:4]): file.read_text("utf-8") for file in files if file.name.endswith(".sql")}
    return dict(sorted(texts.items()))


def version(tx: Transaction) -> int:
    """The schema that the database has."""
    row = tx.one("select max(version) from schema_version")
    return int(row[0]) if row is not None and row[0] is not None else 0


def _version_and_since(tx: Transaction) -> tuple[int, int]:
    """The schema that the database has, and the one that a program has to know to serve it: mostly an earlier one."""
    found = version(tx)
    row = tx.one("select max(since) from compatible") if found >= COMPATIBLE else None
    return found, int(row[0]) if row is not None and row[0] is not None else found


def _alone(database: Database, work: Callable[[Transaction], None], waiting: Callable[[], None]) -> None:
    """Do ``work`` while nobody else migrates."""
    timer = threading.Timer(WAITING_SECONDS, waiting)
    timer.daemon = True

    def begun(tx: Transaction) -> None:
        timer.cancel()
        work(tx)

    timer.start()
    try:
        database.write(begun, LOCK)
    finally:
        timer.cancel()


def _create_ledger(tx: Transaction) -> None:
    tx.run("create table if not exists schema_version (version bigint primary key, applied_at bigint not null)")


def _apply(tx: Transaction, number: int, text: str, dialect: str) -> None:
    if tx.one("select 1 from schema_version where version >= :number", number=number) is not None:
        return
    for statement in schema(_without_comments(text), dialect).split(";"):
        if statement.strip():
            tx.run(statement)
    tx.run("insert into schema_version (version, applied_at) values (:number, :now)", number=number, now=tx.now)


def _without_comments(text: str) -> str:
    return "\n".join(line.split("--")[0] for line in text.splitlines())
