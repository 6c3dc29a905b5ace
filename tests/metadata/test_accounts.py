from __future__ import annotations

import apsw
import psycopg
import pytest

from jettison.metadata import accounts, grants, groups
from jettison.metadata.accounts import AccountRow
from jettison.metadata.database import Database, Transaction
from jettison.metadata.grants import Holder
from tests.support.clock import Clock

REFUSED = (apsw.ConstraintError, psycopg.errors.IntegrityError)


def test_an_account_is_found_by_name_and_by_token(database: Database, clock: Clock) -> None:
    """With all that was said of it."""
    user = database.write(lambda tx: accounts.add_user(tx, "ana", "a hash", "root"))
    robot = database.write(lambda tx: accounts.add_robot(tx, "ci", b"\x01" * 32, "", clock.now + 5))
    ana = AccountRow(user, "user", "ana", "a hash", None, False, "root", clock.now, None, None)
    ci = AccountRow(robot, "robot", "ci", None, b"\x01" * 32, False, "", clock.now, clock.now + 5, None)
    assert database.read(lambda tx: accounts.find(tx, "ana")) == ana
    assert database.read(lambda tx: accounts.by_token(tx, b"\x01" * 32)) == ci
    assert database.read(lambda tx: accounts.find(tx, "nobody")) is None
    assert database.read(lambda tx: accounts.by_token(tx, b"\x02" * 32)) is None
    assert database.read(lambda tx: accounts.all_of(tx, "user")) == [ana]
    assert database.read(lambda tx: accounts.all_of(tx, "robot")) == [ci]


@pytest.mark.parametrize(
    ("kind", "password", "token"),
    [("user", None, None), ("user", "x", b"x"), ("robot", "x", None), ("user", None, b"x"), ("else", "x", None)],
)
def test_an_account_has_what_its_kind_signs_in_with(
    database: Database, kind: str, password: str | None, token: bytes | None
) -> None:
    """A password or a token, never both: the table itself refuses another."""
    with pytest.raises(REFUSED):
        database.write(
            lambda tx: tx.run(
                """insert into account (kind, name, password, token, created_by, created_at)
                   values (:kind, 'ana', :password, :token, '', 1)""",
                kind=kind,
                password=password,
                token=token,
            )
        )
    assert not database.read(accounts.is_any)


def test_a_password_is_replaced_only_where_it_is_still_that(database: Database) -> None:
    """Who hashes it anew must not bring an old one back."""
    id = database.write(lambda tx: accounts.add_user(tx, "ana", "first", ""))
    database.write(lambda tx: accounts.set_password(tx, id, "second"))
    assert not database.write(lambda tx: accounts.replace_password(tx, id, "first", "first anew"))
    assert database.write(lambda tx: accounts.replace_password(tx, id, "second", "second anew"))
    row = database.read(lambda tx: accounts.find(tx, "ana"))
    assert row is not None
    assert row.password == "second anew"


def test_administrators_are_users_who_have_admin_on_everything(database: Database) -> None:
    """Themselves or through a group; not robots, not who is disabled, and by no other pattern or action."""

    def fill(tx: Transaction) -> None:
        names = ("own", "both", "member", "off", "team", "pull", "none")
        ids = {name: accounts.add_user(tx, name, "a hash", "") for name in names}
        robot, group = accounts.add_robot(tx, "ci", b"\x01", "", None), groups.add(tx, "ops")
        grants.put(tx, Holder(account=ids["own"]), "**", "admin")
        grants.put(tx, Holder(account=ids["both"]), "**", "pull,admin")
        grants.put(tx, Holder(account=ids["off"]), "**", "admin")
        grants.put(tx, Holder(account=ids["team"]), "team/**", "admin")
        grants.put(tx, Holder(account=ids["pull"]), "**", "pull,push,delete")
        grants.put(tx, Holder(account=robot), "**", "admin")
        grants.put(tx, Holder(group=group), "**", "admin")
        for name in ("member", "both", "off"):
            groups.join(tx, group, ids[name])
        accounts.set_disabled(tx, ids["off"], disabled=True)

    database.write(fill)
    assert database.read(accounts.administrators) == ["both", "member", "own"]


def test_an_account_that_something_refers_to_stays(database: Database) -> None:
    """Foreign keys are the backstop: no grant outlives whom it is to."""
    id = database.write(lambda tx: accounts.add_user(tx, "ana", "a hash", ""))
    database.write(lambda tx: grants.put(tx, Holder(account=id), "a", "pull"))
    with pytest.raises(Exception, match=r"(?i)foreign key|kept losing"):
        database.write(lambda tx: accounts.remove(tx, id))
    database.write(lambda tx: grants.take_all(tx, Holder(account=id)))
    database.write(lambda tx: accounts.remove(tx, id))
    assert not database.read(accounts.is_any)
