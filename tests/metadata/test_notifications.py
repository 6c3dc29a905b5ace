from __future__ import annotations

from jettison.metadata import notifications
from jettison.metadata.database import Database


def test_a_queue_keeps_the_order_in_which_it_was_filled(database: Database) -> None:
    """Each endpoint has its own."""
    database.write(lambda tx: notifications.add(tx, [("a", "1"), ("b", "2"), ("a", "3")]))
    database.write(lambda tx: notifications.add(tx, [("a", "4")]))
    assert [each.event for each in database.read(lambda tx: notifications.first(tx, "a", 2))] == ["1", "3"]
    assert [each.event for each in database.read(lambda tx: notifications.first(tx, "a", 9))] == ["1", "3", "4"]
    assert [each.event for each in database.read(lambda tx: notifications.first(tx, "b", 9))] == ["2"]
    assert database.read(notifications.lengths) == {"a": 3, "b": 1}
    assert database.read(lambda tx: notifications.is_any(tx, "a"))
    assert not database.read(lambda tx: notifications.is_any(tx, "c"))


def test_what_was_delivered_is_forgotten_and_its_number_never_used_again(database: Database) -> None:
    """Who deletes it late must not delete another."""
    database.write(lambda tx: notifications.add(tx, [("a", "1")]))
    [first] = database.read(lambda tx: notifications.first(tx, "a", 9))
    database.write(lambda tx: notifications.delete(tx, [first.id]))
    assert database.read(notifications.lengths) == {}
    database.write(lambda tx: notifications.add(tx, [("a", "2")]))
    [second] = database.read(lambda tx: notifications.first(tx, "a", 9))
    assert second.id > first.id
    database.write(lambda tx: notifications.delete(tx, [first.id]))
    assert database.read(notifications.lengths) == {"a": 1}


def test_what_waits_for_others_is_dropped_some_at_a_time(database: Database) -> None:
    """Until nothing does."""
    database.write(lambda tx: notifications.add(tx, [("old", "1"), ("kept", "2"), ("old", "3"), ("older", "4")]))
    dropped = [database.write(lambda tx: notifications.drop_others(tx, ["kept"], 2)) for _ in range(3)]
    assert dropped == [2, 1, 0]
    assert database.read(notifications.lengths) == {"kept": 1}
