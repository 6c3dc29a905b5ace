from __future__ import annotations

from typing import Any

import pytest

from jettison.metadata import audit
from jettison.metadata.audit import Entry, Filter
from jettison.metadata.database import Database
from tests.support.clock import Clock

BLANK = {"address": "", "request": "", "target": "", "result": "done", "detail": "{}"}
ANY = Filter()


def add(database: Database, **line: str) -> None:
    """Write a line."""
    whole: dict[str, Any] = {"kind": "user", "who": "", "action": "push", "repository": "", **BLANK, **line}
    database.write(lambda tx: audit.add(tx, **whole))


def page(database: Database, before: int = 2**63 - 1, limit: int = 10, only: Filter = ANY) -> list[Entry]:
    """A page of the log."""
    return database.read(lambda tx: audit.page(tx, before=before, limit=limit, only=only))


def test_a_line_is_kept_as_it_was_written(database: Database, clock: Clock) -> None:
    """With the database's time and a number of its own."""
    add(database, who="ann", address="192.0.2.1", request="r1", repository="app", target="v1", detail='{"a":1}')
    [entry] = page(database)
    assert entry.id > 0
    written = ("user", "ann", "192.0.2.1", "r1", "push", "app", "v1", "done", '{"a":1}')
    assert entry == Entry(entry.id, clock.now, *written)


def test_pages_go_on_where_the_last_ended(database: Database) -> None:
    """The newest line comes first."""
    for number in range(5):
        add(database, target=str(number))
    first = page(database, limit=2)
    assert [each.target for each in first] == ["4", "3"]
    assert [each.target for each in page(database, before=first[-1].id)] == ["2", "1", "0"]


@pytest.mark.parametrize(
    ("only", "found"),
    [
        (Filter(who="ann"), "310"),
        (Filter(action="delete"), "32"),
        (Filter(repository="team/app"), "20"),
        (Filter(repository="team/other"), "2"),
        (Filter(repository="team_app"), "1"),
        (Filter(repository="app"), ""),
        (Filter(since=1_700_000_002_000_000), "32"),
        (Filter(until=1_700_000_002_000_000), "10"),
        (Filter(since=1_700_000_001_000_000, until=1_700_000_003_000_000), "21"),
        (Filter(who="ann", action="delete"), "3"),
        (Filter(who="nobody"), ""),
    ],
)
def test_filters_choose_lines(database: Database, clock: Clock, only: Filter, found: str) -> None:
    """Names are taken as they are, and the end of a time is not part of it."""
    for who, action, repository in (
        ("ann", "push", "team/app"),
        ("ann", "push", "team_app"),
        ("bob", "delete", "team/app,team/other"),
        ("ann", "delete", "else"),
    ):
        add(database, who=who, action=action, repository=repository, target=str(clock.now)[9])
        clock.advance(1)
    assert "".join(each.target for each in page(database, only=only)) == found


def test_old_lines_go_some_at_a_time(database: Database, clock: Clock) -> None:
    """And none that is not old, though more might be dropped."""
    for number in range(5):
        add(database, target=str(number))
        clock.advance(10)
    before = clock.now - 15_000_000
    assert [database.write(lambda tx: audit.drop(tx, before, 3)) for _ in range(3)] == [3, 1, 0]
    assert [each.target for each in page(database)] == ["4"]
