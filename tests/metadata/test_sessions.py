from __future__ import annotations

from jettison.metadata import accounts, sessions, setup_codes
from jettison.metadata.accounts import AccountRow
from jettison.metadata.database import Database, Transaction
from tests.support.clock import Clock

SECOND = 1_000_000


def find(database: Database, token: bytes = b"t", purpose: str = "refresh") -> AccountRow | None:
    """Whose session it is now."""
    return database.read(lambda tx: accounts.by_session(tx, token, purpose))


def test_a_session_lives_while_it_is_used_and_no_longer_than_it_may(database: Database, clock: Clock) -> None:
    """Ten seconds idle, fifteen in all; what has ended does not come back by being used."""

    def begin(tx: Transaction) -> None:
        id = accounts.add_user(tx, "ana", "a hash", "")
        for token in (b"t", b"unused"):
            sessions.add(tx, token, id, "refresh", "x", 10 * SECOND, tx.now + 15 * SECOND)

    database.write(begin)
    clock.advance(8)
    database.write(lambda tx: sessions.touch(tx, b"t"))
    assert database.read(lambda tx: sessions.used_at(tx, b"t")) == clock.now
    clock.advance(6)
    assert find(database) is not None
    assert find(database, b"unused") is None
    database.write(lambda tx: sessions.touch(tx, b"unused"))
    assert find(database, b"unused") is None
    clock.advance(1)
    assert find(database) is None
    database.write(sessions.forget)
    assert not database.write(lambda tx: sessions.end(tx, b"t"))


def test_sessions_end_one_by_one_or_all_of_an_account(database: Database, clock: Clock) -> None:
    """And nobody else's."""

    def begin(tx: Transaction) -> int:
        ana, bo = (accounts.add_user(tx, name, "a hash", "") for name in ("ana", "bo"))
        for token, account in ((b"t", ana), (b"u", ana), (b"v", ana), (b"w", bo)):
            sessions.add(tx, token, account, "refresh", "x", SECOND, tx.now + SECOND)
        return ana

    ana = database.write(begin)
    assert find(database, b"t", "console") is None
    assert database.write(lambda tx: sessions.end(tx, b"t"))
    assert find(database, b"t") is None
    assert database.write(lambda tx: sessions.end_all(tx, ana)) == 2
    left = find(database, b"w")
    assert left is not None
    assert left.name == "bo"


def test_a_setup_code_is_good_for_its_time(database: Database, clock: Clock) -> None:
    """Several can be; they end together."""
    database.write(lambda tx: setup_codes.add(tx, b"first", clock.now + SECOND))
    clock.advance(0.5)
    database.write(lambda tx: setup_codes.add(tx, b"second", clock.now + SECOND))
    clock.advance(0.5)
    assert not database.read(lambda tx: setup_codes.is_good(tx, b"first"))
    assert database.read(lambda tx: setup_codes.is_good(tx, b"second"))
    database.write(lambda tx: setup_codes.add(tx, b"third", clock.now + SECOND))
    assert database.read(lambda tx: tx.one("select count(*) from setup_code")) == (2,)
    database.write(setup_codes.end_all)
    assert not database.read(lambda tx: setup_codes.is_good(tx, b"third"))
