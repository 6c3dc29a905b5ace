"""Whether a database has a registry in it, which whoever only administers one must not make."""

from __future__ import annotations

from jettison.metadata.database import Database, Transaction
from jettison.metadata.migrate import NewerSchema, migrations, version
from jettison.metadata.moves import require_whole
from jettison.oci.errors import Unavailable

_LEDGER = {
    "sqlite": "select 1 from sqlite_master where type = 'table' and name = 'schema_version'",
    "postgres": "select 1 where to_regclass('schema_version') is not null",
}


class NoRegistry(Unavailable):
    """The database holds no registry, or one that its server has not brought to this version's schema yet."""


def require_registry(database: Database, dialect: str) -> None:
    """Raise NoRegistry or NewerSchema unless ``database`` has exactly this version's schema. Changes nothing.

    Raises HalfMoved where a move to it has not ended.
    """
    known = max(migrations())
    found = database.read(lambda tx: _version(tx, dialect))
    if not found:
        raise NoRegistry("the database holds no registry: is it the one that the server uses?")
    if found < known:
        raise NoRegistry(
            f"the database has schema {found} and this program needs {known}: start the server in this version first, "
            "which brings it there"
        )
    if found > known:
        raise NewerSchema(
            f"the database has schema {found} and this program knows {known}: use the version that the server has"
        )
    database.read(require_whole)


def some_keys(database: Database, limit: int) -> list[str]:
    """At most ``limit`` keys at which bytes should lie."""
    rows = database.read(lambda tx: tx.all("select key from stored where damaged = 0 limit :limit", limit=limit))
    return [row[0] for row in rows]


def _version(tx: Transaction, dialect: str) -> int:
    return 0 if tx.one(_LEDGER[dialect]) is None else version(tx)
