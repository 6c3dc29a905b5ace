"""Moving a registry to another database and other storage, whichever kinds they are.

    bytes, while the source is served as ever -> what is stored and tagged is frozen at the source -> the bytes that
    came meanwhile -> its rows -> all else is frozen -> its rows -> compared -> the target is whole, the source has gone

Nothing at the source is changed but that: the database refuses writes, to every server of it. Whatever ends this, the
next attempt goes on from there; until the end the target is refused to be served, and `cancel` lets the source be
written again.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from functools import partial

from jettison.metadata import moves, transfer
from jettison.metadata.database import Transaction
from jettison.metadata.freezing import freeze, thaw
from jettison.metadata.moves import SOURCE, TARGET, Move
from jettison.metadata.tables import Table, moving
from jettison.migrate.alone import alone
from jettison.migrate.carrying import Carried, Carrier
from jettison.migrate.rows import Rows, Unequal
from jettison.oci.errors import RegistryError
from jettison.registry.finding import Tell, tell_nobody
from jettison.registry.points import reach
from jettison.registry.registry import Registry

ROUNDS = 5
FEW = 64 * 1024 * 1024
"""Bytes: once a round carries no more, the source is frozen."""


class CannotMove(RegistryError):
    """The two registries are not those of a move that can be made."""

    code = "UNSUPPORTED"


class Damaged(RegistryError):
    """Bytes that the source needs are missing there, or are others: ``keys``."""

    code = "UNSUPPORTED"

    def __init__(self, message: str, keys: list[str]) -> None:
        super().__init__(message)
        self.keys = keys


@dataclass(frozen=True, slots=True)
class End:
    """One end of a move, and where it is, for people."""

    registry: Registry
    place: str

    @property
    def dialect(self) -> str:
        """The word for the kind of its database."""
        return "sqlite" if self.registry.database.inline else "postgres"

    def find(self, role: str) -> Move | None:
        """The move that it has this role in."""
        return self.registry.database.read(partial(moves.find, role=role))


@dataclass(slots=True)
class Made:
    """What a move has done in this attempt; ``rows`` are all that came, ``ended`` whether it is done."""

    blobs: int = 0
    bytes: int = 0
    there: int = 0
    dropped: int = 0
    rows: int = 0
    lost: list[str] = field(default_factory=list)
    ended: bool = False

    def add(self, carried: Carried) -> None:
        """Count what was carried."""
        self.blobs += carried.blobs
        self.bytes += carried.bytes
        self.there = carried.there
        self.lost = carried.lost


@dataclass(frozen=True, slots=True)
class Wishes:
    """``same_bytes``: both ends have one storage, so no bytes move. ``prepare``: carry bytes only, and freeze nothing.
    ``damaged``: end it even where bytes are missing or wrong, which the target's rows then say.
    """

    same_bytes: bool = False
    prepare: bool = False
    damaged: bool = False


def move(source: End, target: End, wishes: Wishes, tell: Tell = tell_nobody) -> Made:
    """Move the registry from ``source`` to ``target``, or go on where an attempt has ended.

    Raises CannotMove, with nothing changed; AtWork; Damaged; Unequal; Unavailable; BlobsError, OSError.
    """
    with alone(source.registry):
        id = _begin(source, target)
        made = Made()
        if id is None:
            made.ended = True
            return made
        carrier = None if wishes.same_bytes else Carrier(source.registry, target.registry, id)
        for _ in range(ROUNDS if carrier is not None else 0):
            assert carrier is not None
            carried = carrier.carry(tell)
            made.add(carried)
            if carried.bytes <= FEW:
                break
        if not wishes.prepare:
            _end(source, target, id, carrier, wishes, made, tell)
        return made


def cancel(source: End, *, force: bool = False) -> bool:
    """Let the source be written again; False if it was not being moved.

    What was carried stays where it is, for a later attempt. A move that has ended is cancelled only with ``force``,
    and then forgotten. Raises CannotMove.
    """
    database = source.registry.database
    with alone(source.registry):
        found = source.find(SOURCE)
        if found is None:
            return False
        if found.ended_at is not None and not force:
            raise CannotMove(
                f"it has moved to {found.place}: `jettison move` from there to here brings it back, with all that was"
                " written there; --cancel --force lets it be written here again, for when that one is lost or was never"
                " served"
            )
        if found.ended_at is None:
            database.write(partial(moves.set_frozen, id=found.id, at=None))
        thaw(database, source.dialect)
        if found.ended_at is not None:
            database.write(partial(moves.forget, id=found.id))
        return True


# ------------------------------------------------------------------------------------------------------- its beginning


def _begin(source: End, target: End) -> str | None:
    """Record the move on both ends, unless that was done; its id, or None if it has ended before."""
    went, came = source.find(SOURCE), target.find(TARGET)
    if went is not None and came is not None and went.id == came.id and came.ended_at is not None:
        source.registry.database.write(partial(moves.end, id=went.id))
        return None
    if went is not None and went.ended_at is not None:
        raise CannotMove(f"it has moved to {went.place}: that one is to be moved from")
    goes_on = came is not None and came.ended_at is None
    if goes_on and (went is None or came is None or came.id != went.id):
        raise CannotMove(f"{target.place} is the target of another move that has not ended: name an empty one")
    if not goes_on and not _comes_back(source, target) and target.registry.database.read(moves.holds_something):
        raise CannotMove(f"{target.place} has a registry already: name an empty database and an empty place for bytes")
    id = went.id if went is not None else str(uuid.uuid4())
    if went is None:
        source.registry.database.write(partial(moves.begin, id=id, role=SOURCE, place=target.place))
    if not goes_on:
        target.registry.database.write(partial(moves.begin, id=id, role=TARGET, place=source.place))
    gone = target.find(SOURCE)
    if gone is not None:
        thaw(target.registry.database, target.dialect)
        target.registry.database.write(partial(moves.forget, id=gone.id))
    return id


def _comes_back(source: End, target: End) -> bool:
    """Whether the source is what the target has become, so that nothing of the target's own is lost."""
    came, went = source.find(TARGET), target.find(SOURCE)
    return came is not None and went is not None and came.id == went.id and went.ended_at is not None


# ------------------------------------------------------------------------------------------------------------- its end


def _end(source: End, target: End, id: str, carrier: Carrier | None, wishes: Wishes, made: Made, tell: Tell) -> None:
    _freeze(source, target, id)
    reach("move.frozen")
    if carrier is not None:
        made.add(carrier.carry(tell))
        if made.lost and not wishes.damaged:
            raise _damaged(made.lost)
    made.rows = _bring(source, target, moving(late=False), tell, rekeyed=carrier is not None)
    freeze(source.registry.database, source.dialect, moving(late=True))
    reach("move.late")
    made.rows += _bring(source, target, moving(late=True), tell, rekeyed=False)
    _count_on(source, target)
    if carrier is not None:
        made.dropped = carrier.drop_unneeded()
    target.registry.database.write(partial(_finish, id=id))
    reach("move.ended")
    source.registry.database.write(partial(moves.end, id=id))
    made.ended = True


def _freeze(source: End, target: End, id: str) -> None:
    """Let nothing that is stored or tagged change at the source; rows of an earlier time at the target go."""
    went = source.find(SOURCE)
    assert went is not None
    if went.frozen_at is None:
        freeze(source.registry.database, source.dialect, moving(late=False))
        source.registry.database.write(lambda tx: moves.set_frozen(tx, id, tx.now))
        went = source.find(SOURCE)
        assert went is not None
    came = target.find(TARGET)
    assert came is not None
    if came.frozen_at != went.frozen_at:
        target.registry.database.write(partial(_wipe, id=id, frozen_at=went.frozen_at))


def _wipe(tx: Transaction, id: str, frozen_at: int | None) -> None:
    transfer.wipe(tx)
    moves.set_frozen(tx, id, frozen_at)


def _bring(source: End, target: End, tables: tuple[Table, ...], tell: Tell, *, rekeyed: bool) -> int:
    rows = Rows(source.registry, target.registry, tables, rekeyed=rekeyed)
    count = rows.copy(tell)
    try:
        rows.compare(tell)
    except Unequal:
        # The next attempt is to copy them anew.
        came = target.find(TARGET)
        assert came is not None
        target.registry.database.write(partial(moves.set_frozen, id=came.id, at=None))
        raise
    return count


def _count_on(source: End, target: End) -> None:
    for table in (*moving(late=False), *moving(late=True)):
        if table.numbered:
            given = source.registry.database.read(partial(transfer.counted, table=table, dialect=source.dialect))
            target.registry.database.write(partial(transfer.count_on, table=table, dialect=target.dialect, from_=given))


def _finish(tx: Transaction, id: str) -> None:
    transfer.spare_named(tx)
    moves.drop_all(tx)
    moves.end(tx, id)


def _damaged(keys: list[str]) -> Damaged:
    shown = ", ".join(keys[:3]) + (" and others" if len(keys) > 3 else "")
    return Damaged(
        f"the bytes of {len(keys)} blobs are missing at the source or are others than were pushed ({shown}): bring them"
        " back and run this again; or let it end without them (--damaged), or let the source be written again"
        " (--cancel), where `jettison check` says what needs them",
        keys,
    )
