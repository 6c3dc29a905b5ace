"""The rows of a move: copied in the order of their keys, to go on where an attempt has ended; compared at the end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from jettison.metadata import moves, transfer
from jettison.metadata.database import Row, Transaction
from jettison.metadata.tables import Table
from jettison.oci.errors import RegistryError
from jettison.registry.finding import Progress, Tell
from jettison.registry.points import reach
from jettison.registry.registry import Registry

_KEYED = {"stored": 0, "blob": 3}
"""Tables with keys of bytes, and the column that they are in."""


class Unequal(RegistryError):
    """What came is not what was sent."""

    code = "UNSUPPORTED"


class Rows:
    """The rows of ``tables`` from ``source``, in which nothing changes any more, to ``target``.

    With ``rekeyed`` keys of bytes become those under which the bytes came.
    """

    def __init__(self, source: Registry, target: Registry, tables: Sequence[Table], *, rekeyed: bool) -> None:
        self._source = source.database
        self._target = target.database
        self._tables = tables
        self._rekeyed = rekeyed

    def copy(self, tell: Tell) -> int:
        """Copy what is not there yet; how many rows there are."""
        totals = {table.name: self._source.read(partial(transfer.count, table=table)) for table in self._tables}
        total, done = sum(totals.values()), 0
        for table in self._tables:
            there = self._target.read(partial(transfer.count, table=table))
            done += self._begin(table, there, totals[table.name])
            after = self._last(table)
            if there < totals[table.name]:
                for page in transfer.pages(self._source, table, after):
                    self._target.write(partial(_add, table=table, rows=self._changed(table, page)), durable=False)
                    reach("move.rows")
                    done += len(page)
                    tell(Progress("rows", done, max(total, done)))
        return total

    def compare(self, tell: Tell) -> None:
        """Raise Unequal unless each table has the same rows, and as many, on both sides."""
        for number, table in enumerate(self._tables, 1):
            sent = transfer.checksum(self._source, table, partial(self._changed, table))
            came = transfer.checksum(self._target, table)
            if sent != came:
                raise Unequal(
                    f"the table {table.name} has {sent[0]} rows at the source (checksum {sent[1]}) and {came[0]} at the"
                    f" target ({came[1]}): something else writes there, such as a server. Stop it and run this again:"
                    " the rows are then copied anew"
                )
            tell(Progress("tables compared", number, len(self._tables)))

    def _begin(self, table: Table, there: int, total: int) -> int:
        """How many rows need not be looked at again."""
        return total if there == total else 0 if self._last(table) is None else there

    def _last(self, table: Table) -> Row | None:
        # Keys that became others come in another order.
        if self._rekeyed and table.name == "stored":
            return None
        return self._target.read(partial(transfer.last, table=table))

    def _changed(self, table: Table, rows: Sequence[Row]) -> Sequence[Row]:
        column = _KEYED.get(table.name)
        if column is None or not self._rekeyed:
            return rows
        known = self._target.read(partial(moves.among, keys=[row[column] for row in rows]))
        if table.name == "stored":
            return [(known[key].new_key, size, max(damaged, known[key].damaged)) for key, size, damaged in rows]
        return [(*row[:column], known[row[column]].new_key, *row[column + 1 :]) for row in rows]


def _add(tx: Transaction, table: Table, rows: Sequence[Row]) -> None:
    transfer.add(tx, table, rows)
