from __future__ import annotations

from jettison.metadata import accounts, groups
from jettison.metadata.database import Database, Transaction
from tests.support.clock import Clock


def test_members_come_and_go(database: Database, clock: Clock) -> None:
    """Each is one once; a group that goes takes its memberships along, an account its own."""

    def fill(tx: Transaction) -> tuple[list[int], list[int]]:
        return (
            [accounts.add_user(tx, name, "a hash", "") for name in ("bo", "ana")],
            [groups.add(tx, name) for name in ("ops", "dev")],
        )

    (bo, ana), (ops, dev) = database.write(fill)
    assert database.write(lambda tx: groups.join(tx, dev, bo))
    assert not database.write(lambda tx: groups.join(tx, dev, bo))
    assert database.write(lambda tx: groups.join(tx, dev, ana) and groups.join(tx, ops, ana))
    assert database.read(groups.memberships) == [("dev", "ana"), ("dev", "bo"), ("ops", "ana")]
    assert database.read(groups.all_groups) == [("dev", clock.now), ("ops", clock.now)]
    assert database.read(lambda tx: groups.of_account(tx, ana)) == ["dev", "ops"]

    assert database.write(lambda tx: groups.leave(tx, dev, bo))
    assert not database.write(lambda tx: groups.leave(tx, dev, bo))
    database.write(lambda tx: groups.remove(tx, dev))
    assert database.read(lambda tx: groups.find(tx, "dev")) is None
    assert database.read(lambda tx: groups.find(tx, "ops")) == ops
    assert database.read(groups.memberships) == [("ops", "ana")]
    database.write(lambda tx: groups.leave_all(tx, ana))
    assert database.read(groups.memberships) == []
